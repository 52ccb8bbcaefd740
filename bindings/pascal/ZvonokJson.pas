{ Documents as the values of fpjson, which comes with Free Pascal.

  fpjson goes through strings of the system's code page, where letters would be lost. The program must
  have made that UTF-8, as every program of Lazarus does by itself and others do by
  SetMultiByteConversionCodePage(CP_UTF8); else the functions raise an exception. }
unit ZvonokJson;

{$IFNDEF UNICODE}{$MODE DELPHI}{$ENDIF}

interface

uses
  fpjson;

{ A document on its way in. }
function ZvonokWrite(Data: TJSONData): UTF8String;

{ A document on its way out; the caller frees it. }
function ZvonokRead(const Text: UTF8String): TJSONData;

implementation

uses
  SysUtils, jsonparser, jsonscanner;

procedure LosesNothing;
begin
  if DefaultSystemCodePage <> CP_UTF8 then
    raise Exception.Create('ZvonokJson needs SetMultiByteConversionCodePage(CP_UTF8)');
end;

function ZvonokWrite(Data: TJSONData): UTF8String;
var
  Compressed: Boolean;
begin
  LosesNothing;
  Compressed := TJSONData.CompressedJSON;
  TJSONData.CompressedJSON := True;
  try
    Result := Data.AsJSON;
  finally
    TJSONData.CompressedJSON := Compressed;
  end;
end;

function ZvonokRead(const Text: UTF8String): TJSONData;
var
  Parser: TJSONParser;
begin
  LosesNothing;
  Parser := TJSONParser.Create(Text, [joUTF8]);
  try
    Result := Parser.Parse;
  finally
    Parser.Free;
  end;
end;

end.
