{ A host in Pascal, for Free Pascal and Delphi 7 and later: one cycle, then what its screens would show.

    host LIBRARY ROSTER KIND ADDRESS TOKEN [COMMUNITY] }
program host;

{$IFDEF FPC}{$IFNDEF UNICODE}{$MODE DELPHI}{$ENDIF}{$ENDIF}
{$IFDEF MSWINDOWS}{$APPTYPE CONSOLE}{$ENDIF}

uses
  SysUtils, Zvonok;

type
  THost = class
    procedure OnLog(Level: LongInt; const Text: UTF8String);
    function OnProgress(Phase: LongInt; Done, Total: LongWord): Boolean;
  end;

{ To the console: on Windows in its code page, elsewhere as it is. }
procedure Say(const Text: UTF8String);
begin
  {$IFDEF MSWINDOWS}
  Writeln(ZvonokToAnsi(Text));
  {$ELSE}
  FileWrite(StdOutputHandle, PAnsiChar(Text + #10)^, Length(Text) + 1);
  {$ENDIF}
end;

function Number(N: Integer): UTF8String;
begin
  Result := UTF8String(IntToStr(N));
end;

{ An argument of the command line, which comes in the system's code page on Windows. }
function Argument(Index: Integer): UTF8String;
begin
  {$IFDEF MSWINDOWS}
  Result := ZvonokFromWide(WideString(ParamStr(Index)));
  {$ELSE}
  Result := UTF8String(ParamStr(Index));
  {$ENDIF}
end;

procedure THost.OnLog(Level: LongInt; const Text: UTF8String);
begin
  if Level <= ZVONOK_LOG_WARNING then
    Say('log: ' + Text);
end;

{ A host with a window moves its progress bar here; True would cancel. }
function THost.OnProgress(Phase: LongInt; Done, Total: LongWord): Boolean;
begin
  Result := False;
end;

{ A field of a document: a text, or a number with its digits. }
function Field(const Document: UTF8String; const Path: AnsiString): UTF8String;
begin
  Result := ZvonokFind(Document, Path);
end;

function Item(const Document: UTF8String; const List: AnsiString; Index: Integer): UTF8String;
begin
  Result := ZvonokFind(Document, List + '[' + AnsiString(IntToStr(Index)) + ']');
end;

function Ask(Session: TZvonokSession; const Method, Params: UTF8String): UTF8String;
begin
  Result := Session.Request('{"method":' + ZvonokQuote(Method) + ',"actor":"system","params":' +
    Params + '}');
end;

procedure Registry(Session: TZvonokSession);
var
  Found, Chat, Link: UTF8String;
  I: Integer;
begin
  Say(#10'Chats');
  Found := Ask(Session, 'chats.list', '{"per_page":100,"sort":"title"}');
  for I := 0 to ZvonokCount(Found, 'result.chats') - 1 do
  begin
    Chat := Item(Found, 'result.chats', I);
    Link := Field(Chat, 'link');
    if Link = '' then
      Link := 'no link yet';
    Say('  ' + Field(Chat, 'title') + ': ' + Field(Chat, 'state') + ', ' +
      Field(Chat, 'members.linked') + ' of ' + Field(Chat, 'members.desired') + ' linked, ' + Link);
  end;
end;

procedure ToDo(Session: TZvonokSession);
var
  Found, Task: UTF8String;
  I, Step: Integer;
begin
  Say(#10'For people to do');
  Found := Ask(Session, 'tasks.list', '{"per_page":2}');
  for I := 0 to ZvonokCount(Found, 'result.tasks') - 1 do
  begin
    Task := Item(Found, 'result.tasks', I);
    Say('  ' + Field(Task, 'title') + ' ' + Field(Task, 'code'));
    for Step := 0 to ZvonokCount(Task, 'steps.ru') - 1 do
      Say('    ' + Number(Step + 1) + '. ' + Item(Task, 'steps.ru', Step));
  end;
end;

procedure OneChat(Session: TZvonokSession; const Key: UTF8String);
var
  Found, Member: UTF8String;
  I: Integer;
begin
  Found := Ask(Session, 'chats.get', '{"chat":' + ZvonokQuote(Key) + '}');
  Say(#10 + Field(Found, 'result.title'));
  for I := 0 to ZvonokCount(Found, 'result.members') - 1 do
  begin
    Member := Item(Found, 'result.members', I);
    Say('  ' + Field(Member, 'person') + ' ' + Field(Member, 'role') + ': ' + Field(Member, 'state'));
  end;
end;

procedure Refusals(Session: TZvonokSession; const Config: UTF8String);
var
  I: Integer;
begin
  Say(#10'What is refused');
  try
    Ask(Session, 'chats.get', '{"chat":"class:none"}');
  except
    on E: EZvonok do
      Say('  ' + E.Name + ': ' + E.Ru);
  end;
  try
    TZvonokSession.Open(Copy(Config, 1, Length(Config) - 1) + ',"grase":"1d"}', nil, nil).Free;
  except
    on E: EZvonok do
    begin
      Say('  ' + E.Name + ':');
      for I := 0 to E.FaultCount - 1 do
        Say('    ' + Field(E.Fault(I), 'at') + ': ' + Field(E.Fault(I), 'message.ru'));
    end;
  end;
end;

function Configuration: UTF8String;
begin
  Result := '{"state":' + ZvonokQuote(Argument(2) + '.db') + ',"profile":"paragraf","platform":{' +
    '"kind":' + ZvonokQuote(Argument(3)) + ',"base_url":' + ZvonokQuote(Argument(4)) +
    ',"token":' + ZvonokQuote(Argument(5));
  if ParamCount > 5 then
    Result := Result + ',"community":' + ZvonokQuote(Argument(6));
  Result := Result + '}}';
end;

procedure Run;
var
  Host: THost;
  Session: TZvonokSession;
  Report: UTF8String;
begin
  ZvonokLoad(Argument(1));
  Say(ZvonokVersion);
  Host := THost.Create;
  try
    Session := TZvonokSession.Open(Configuration, Host.OnLog, Host.OnProgress);
    try
      Report := Session.SyncPath(Argument(2), '');
      Say(Field(Report, 'status') + ': ' + Number(ZvonokCount(Report, 'chats')) + ' chats, ' +
        Number(ZvonokCount(Report, 'tasks')) + ' tasks');
      Registry(Session);
      ToDo(Session);
      OneChat(Session, Field(Report, 'chats[0].key'));
      Refusals(Session, Configuration);
    finally
      Session.Free;
    end;
  finally
    Host.Free;
  end;
end;

begin
  Run;
end.
