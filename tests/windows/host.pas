{ A host as old Delphi programs are, by the unit Zvonok: Delphi's dialect, a code page that is not
  UTF-8, exceptions, floating point that traps. Its input has four lines: the library's path, the
  configuration, the roster's path, the options of a cycle. }
{$mode delphi}
{$apptype console}
{$asmmode intel}
program host;

uses
  SysUtils, Zvonok;

type
  TScreen = class
    procedure OnLog(Level: LongInt; const Text: UTF8String);
    function OnProgress(Phase: LongInt; Done, Total: LongWord): Boolean;
  end;

var
  Steps, Lines: Integer;
  GiveUp: Boolean;
  Screen: TScreen;
  Session: TZvonokSession;
  Path, Config, Roster, Options: UTF8String;

procedure Fail(const What: AnsiString);
begin
  WriteLn(StdErr, What);
  Halt(1);
end;

procedure Expect(Code, Expected: LongInt; const What: AnsiString);
begin
  if Code <> Expected then
    Fail(What + ': ' + IntToStr(Code) + ' ' + Session.Reply);
  WriteLn(What);
end;

procedure TScreen.OnLog(Level: LongInt; const Text: UTF8String);
begin
  if (Self <> Screen) or (Level < ZVONOK_LOG_ERROR) or (Level > ZVONOK_LOG_DEBUG) or (Text = '') then
    Fail('log');
  Inc(Lines);
end;

{ What a window's code does with floating point inside a callback still traps there. }
procedure MustTrap(const Where: AnsiString);
var
  Nothing, Result_: Double;
begin
  Nothing := Steps - Steps;
  try
    Result_ := 1 / Nothing;
  except
    on EZeroDivide do
      Exit;
  end;
  Fail('no exception ' + Where + FloatToStr(Result_));
end;

function TScreen.OnProgress(Phase: LongInt; Done, Total: LongWord): Boolean;
begin
  Inc(Steps);
  if (Self <> Screen) or (Done > Total) then
    Fail('progress');
  MustTrap('in a callback ');
  Result := GiveUp and (Phase = ZVONOK_PHASE_APPLYING);
end;

function StackNow: SizeUInt; assembler; nostackframe;
asm
{$ifdef CPUX86_64}
  mov rax, rsp
{$else}
  mov eax, esp
{$endif}
end;

{ A convention that both sides do not share moves the stack at every call. Only the procedure that
  calls can see it: its own end puts the stack right. }
procedure Cheap;
var
  Len: TZvonokSize;
  Before: SizeUInt;
begin
  Before := StackNow;
  with ZvonokC do
  begin
    if zvonok_abi_version() <> ZVONOK_ABI_VERSION then Fail('abi');
    if zvonok_version() = nil then Fail('version');
    if zvonok_strerror(ZVONOK_ROSTER) = nil then Fail('strerror');
    if zvonok_request(nil, '{}', 2) <> ZVONOK_BAD_HANDLE then Fail('request');
    if zvonok_sync(nil, '{}', 2, nil, 0) <> ZVONOK_BAD_HANDLE then Fail('sync');
    if zvonok_sync_path(nil, '/', 1, nil, 0) <> ZVONOK_BAD_HANDLE then Fail('sync_path');
    if zvonok_cancel(nil) <> ZVONOK_BAD_HANDLE then Fail('cancel');
    if zvonok_reply(nil, @Len) = nil then Fail('reply');
    if zvonok_close(nil) <> ZVONOK_OK then Fail('close');
  end;
  if StackNow <> Before then
    Fail('the stack drifts');
end;

{ All arguments are read, nothing is opened: a host whose struct has no size is refused. }
procedure Dear(Which: Integer);
var
  Nobody: TZvonokHost;
  Ignored: PZvonokSession;
  Code, Expected: LongInt;
  Before: SizeUInt;
begin
  Before := StackNow;
  FillChar(Nobody, SizeOf(Nobody), 0);
  Ignored := nil;
  Expected := ZVONOK_BAD_ARGUMENT;
  case Which mod 3 of
    0: Code := ZvonokC.zvonok_open('{}', 2, @Nobody, @Ignored);
    1: Code := ZvonokC.zvonok_run_task('{}', 2, @Nobody, @Ignored);
  else
    Expected := ZVONOK_CONFIG;
    Code := ZvonokC.zvonok_check('{}', 2, nil, 0, @Ignored);
  end;
  if Code <> Expected then
    Fail('call ' + IntToStr(Which mod 3) + ': ' + IntToStr(Code));
  if ZvonokC.zvonok_close(Ignored) <> ZVONOK_OK then
    Fail('close');
  if StackNow <> Before then
    Fail('the stack drifts: call ' + IntToStr(Which mod 3));
end;

procedure ManyCalls;
var
  I, Calls: Integer;
begin
  Calls := 0;
  for I := 1 to 10000 do
  begin
    Cheap;
    Inc(Calls, 9);
    if Odd(I) then
    begin
      Dear(I);
      Inc(Calls, 2);
    end;
  end;
  WriteLn(Calls, ' calls');
end;

function Sync: LongInt;
begin
  try
    Session.SyncPath(Roster, Options);
  except
    on EZvonok do ; { its code is the session's }
  end;
  Result := Session.Code;
end;

procedure Cycles;
begin
  Session := TZvonokSession.Open(Config, Screen.OnLog, Screen.OnProgress);
  Expect(Session.Code, ZVONOK_OK, 'opened');
  GiveUp := True;
  Expect(Sync, ZVONOK_CANCELLED, 'cancelled');
  GiveUp := False;
  Expect(Sync, ZVONOK_OK, 'synced');
  if (Steps < 3) or (ZvonokFind(Session.Reply, 'format') <> 'zvonok.report/1') then
    Fail(Session.Reply);
end;

{ The code page of this program has no Russian letter, and still none is lost. }
procedure Requests;
var
  List: UTF8String;
begin
  List := Session.Request('{"method":"chats.list","actor":"system","params":{}}');
  Expect(Session.Code, ZVONOK_OK, 'listed');
  if (ZvonokCount(List, 'result.chats') = 0) or (Pos(#$D0, List) = 0) or
    (ZvonokFromWide(ZvonokToWide(List)) <> List) then
    Fail('Russian letters: ' + List);
  try
    Session.Request('{"method":"chats.lits","actor":"system","params":{}}');
  except
    on E: EZvonok do
    begin
      Expect(E.Code, ZVONOK_REQUEST, 'refused');
      if (E.Name <> 'REQUEST') or (Pos('chats.list', E.Document) = 0) or (Pos(#$D0, E.Ru) = 0) then
        Fail(E.Document);
    end;
  end;
end;

begin
  { The lines are UTF-8 and are handed on as they are. }
  SetTextCodePage(Input, CP_UTF8);
  ReadLn(Path);
  ReadLn(Config);
  ReadLn(Roster);
  ReadLn(Options);
  ZvonokLoad(Path);
  Screen := TScreen.Create;
  Cycles;
  Requests;
  MustTrap('after calls ');
  WriteLn('traps kept');
  ManyCalls;
  Session.Close;
  Expect(Session.Code, ZVONOK_REQUEST, 'closed');
end.
