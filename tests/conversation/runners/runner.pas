{ Replays a conversation through the Pascal binding: LIBRARY STEPS, an answer a line. }
program runner;

{$IFNDEF UNICODE}{$MODE DELPHI}{$ENDIF}

uses
  Classes, Math, SysUtils, fpjson, Zvonok, ZvonokJson;

type
  { The host's own. }
  ETrouble = class(Exception);

  TRunner = class
  private
    Sessions: TStringList;
    Log, Phases, During: TJSONArray;
    function Bytes(const Name: RawByteString): RawByteString;
    function Roster(Step: TJSONObject): UTF8String;
    function SessionOf(Step: TJSONObject): TZvonokSession;
    procedure Keep(Step: TJSONObject; Session: TZvonokSession);
    procedure Say(Told: TJSONObject);
    function Answer(Step: TJSONObject): TJSONObject;
    procedure Perform(Step, Told: TJSONObject);
    procedure OnLog(Level: LongInt; const Text: UTF8String);
    function OnProgress(Phase: LongInt; Done, Total: LongWord): Boolean;
  public
    procedure Play(Step: TJSONObject);
    procedure Run(const Steps: RawByteString);
  end;

function TRunner.Bytes(const Name: RawByteString): RawByteString;
var
  Source: THandle;
  Size: Int64;
begin
  Source := FileOpen(Name, fmOpenRead);
  if Source = THandle(-1) then
    raise Exception.Create('cannot read ' + string(Name));
  Size := FileSeek(Source, Int64(0), fsFromEnd);
  FileSeek(Source, Int64(0), fsFromBeginning);
  SetLength(Result, Size);
  FileRead(Source, Result[1], Size);
  FileClose(Source);
end;

{ The roster goes through the values of the language and back. }
function TRunner.Roster(Step: TJSONObject): UTF8String;
var
  Data: TJSONData;
begin
  Result := '';
  if Step.IndexOfName('file') < 0 then
    Exit;
  Data := ZvonokRead(Bytes(Step.Strings['file']));
  try
    Result := ZvonokWrite(Data);
  finally
    Data.Free;
  end;
end;

function TRunner.SessionOf(Step: TJSONObject): TZvonokSession;
begin
  Result := TZvonokSession(Sessions.Objects[Sessions.IndexOf(string(Step.Strings['on']))]);
end;

procedure TRunner.Keep(Step: TJSONObject; Session: TZvonokSession);
begin
  Sessions.AddObject(string(Step.Strings['on']), Session);
end;

procedure TRunner.Say(Told: TJSONObject);
var
  Line: UTF8String;
begin
  Line := ZvonokWrite(Told) + #10;
  Told.Free;
  FileWrite(StdOutputHandle, Line[1], Length(Line));
end;

procedure TRunner.OnLog(Level: LongInt; const Text: UTF8String);
begin
  Log.Add(TJSONArray.Create([Level]));
  TJSONArray(Log[Log.Count - 1]).Add(TJSONString.Create(Text));
end;

function TRunner.OnProgress(Phase: LongInt; Done, Total: LongWord): Boolean;
var
  I: Integer;
  Known: Boolean;
  Step: TJSONObject;
  Verb: UTF8String;
begin
  Result := False;
  if Done > Total then
    raise Exception.Create('more done than there is');
  Known := False;
  for I := 0 to Phases.Count - 1 do
    Known := Known or (Phases.Integers[I] = Phase);
  if not Known then
    Phases.Add(Phase);
  I := 0;
  while I < During.Count do
  begin
    Step := During.Objects[I];
    Inc(I);
    if Step.Integers['phase'] <> Phase then
      Continue;
    Step.Integers['phase'] := 0; { once }
    Verb := Step.Strings['do'];
    if Verb = 'throw' then
      raise ETrouble.Create(string(Step.Strings['text']));
    if Verb = 'stop' then
    begin
      Result := True;
      Exit;
    end;
    Say(Answer(Step));
  end;
end;

function TRunner.Answer(Step: TJSONObject): TJSONObject;
var
  Seen: TJSONObject;
  Faults: TJSONArray;
  I: Integer;
begin
  Result := TJSONObject.Create;
  Result.Add('step', Step.Strings['name']);
  try
    Perform(Step, Result);
  except
    on E: EZvonok do
    begin
      Result.Add('code', E.Code);
      Result.Add('reply', ZvonokRead(E.Document));
      Seen := TJSONObject.Create;
      Seen.Add('name', TJSONString.Create(E.Name));
      Seen.Add('ru', TJSONString.Create(E.Ru));
      Seen.Add('en', TJSONString.Create(E.En));
      Faults := TJSONArray.Create;
      for I := 0 to E.FaultCount - 1 do
        Faults.Add(ZvonokRead(E.Fault(I)));
      Seen.Add('faults', Faults);
      Seen.Add('retryable', E.Retryable);
      Result.Add('error', Seen);
    end;
    on E: ETrouble do
      Result.Add('thrown', TJSONString.Create(UTF8String(E.Message)));
  end;
end;

procedure TRunner.Perform(Step, Told: TJSONObject);
var
  Verb, Document, Reply: UTF8String;
  Session: TZvonokSession;
  Code: LongInt;
begin
  Verb := Step.Strings['do'];
  if Step.IndexOfName('json') >= 0 then
    Document := ZvonokWrite(Step.Objects['json']);
  if Verb = 'about' then
  begin
    Told.Add('abi', Int64(ZvonokC.zvonok_abi_version()));
    Told.Add('version', TJSONString.Create(ZvonokVersion));
    Exit;
  end;
  if Verb = 'describe' then
  begin
    Told.Add('text', TJSONString.Create(ZvonokDescribe(Step.Integers['code'])));
    Exit;
  end;
  if (Verb = 'cancel') or (Verb = 'close') then
  begin
    if Verb = 'cancel' then
      SessionOf(Step).Cancel
    else
      SessionOf(Step).Close;
    Told.Add('code', 0);
    Exit;
  end;
  if Verb = 'check' then
    Reply := ZvonokCheck(Document, Roster(Step), Code)
  else
  begin
    if Verb = 'open' then
      Keep(Step, TZvonokSession.Open(Document, OnLog, OnProgress));
    if Verb = 'run_task' then
      Keep(Step, TZvonokSession.RunTask(Bytes(Step.Strings['file']), OnLog, OnProgress));
    Session := SessionOf(Step);
    if Verb = 'sync' then
      Session.Sync(Roster(Step), Document)
    else if Verb = 'sync_path' then
      Session.SyncPath(Step.Strings['file'], Document)
    else if Verb = 'request' then
      Session.Request(Document);
    Code := Session.Code;
    Reply := Session.Reply;
  end;
  Told.Add('code', Code);
  Told.Add('reply', ZvonokRead(Reply));
end;

procedure TRunner.Play(Step: TJSONObject);
var
  Told: TJSONObject;
begin
  Log := TJSONArray.Create;
  Phases := TJSONArray.Create;
  During := TJSONArray.Create;
  if Step.IndexOfName('during') >= 0 then
    During := Step.Arrays['during'];
  Told := Answer(Step);
  Told.Add('log', Log);
  Told.Add('phases', Phases);
  Say(Told);
end;

procedure TRunner.Run(const Steps: RawByteString);
var
  All: TJSONArray;
  I: Integer;
begin
  Sessions := TStringList.Create;
  All := ZvonokRead(Bytes(Steps)) as TJSONArray;
  for I := 0 to All.Count - 1 do
    Play(All.Objects[I]);
end;

begin
  { As in Delphi, where exceptions of floating point stop a program. }
  SetExceptionMask([exDenormalized, exUnderflow, exPrecision]);
  { As programs of Lazarus do by themselves. }
  SetMultiByteConversionCodePage(CP_UTF8);
  SetMultiByteFileSystemCodePage(CP_UTF8);
  ZvonokLoad(ParamStr(1));
  with TRunner.Create do
    Run(ParamStr(2));
  if GetExceptionMask <> [exDenormalized, exUnderflow, exPrecision] then
    Halt(3);
end.
