{ A host as old Delphi programs are: Delphi's dialect, AnsiStrings, exceptions, floating point that
  traps. Its input has three lines: the configuration, the roster's path, the options of a cycle. }
{$mode delphi}
{$apptype console}
{$asmmode intel}
program host;

uses
  SysUtils;

const
  Library_ = 'zvonok.dll';
  UpToNul = NativeUInt(-1);

type
  PSession = Pointer;
  TLog = procedure(UserData: Pointer; Level: LongInt; Text: PAnsiChar; Len: NativeUInt); cdecl;
  TProgress = function(UserData: Pointer; Phase: LongInt; Done, Total: LongWord): LongInt; cdecl;

  THost = record
    StructSize, AbiVersion: LongWord;
    UserData: Pointer;
    Log: TLog;
    Progress: TProgress;
  end;

function zvonok_abi_version: LongWord; cdecl; external Library_;
function zvonok_strerror(Code: LongInt): PAnsiChar; cdecl; external Library_;
function zvonok_open(Config: PAnsiChar; Len: NativeUInt; Host: Pointer;
  out Session: PSession): LongInt; cdecl; external Library_;
function zvonok_sync_path(Session: PSession; Path: PAnsiChar; Len: NativeUInt;
  Options: PAnsiChar; OptionsLen: NativeUInt): LongInt; cdecl; external Library_;
function zvonok_request(Session: PSession; Request: PAnsiChar; Len: NativeUInt): LongInt; cdecl;
  external Library_;
function zvonok_reply(Session: PSession; out Len: NativeUInt): PAnsiChar; cdecl; external Library_;
function zvonok_cancel(Session: PSession): LongInt; cdecl; external Library_;
function zvonok_close(Session: PSession): LongInt; cdecl; external Library_;

var
  Steps, Lines: Integer;
  GiveUp: Boolean;
  Session: PSession;
  Config, Roster, Options: AnsiString;

procedure Fail(const What: AnsiString);
begin
  WriteLn(StdErr, What);
  Halt(1);
end;

function Reply: AnsiString;
var
  Len: NativeUInt;
  Text: PAnsiChar;
begin
  Text := zvonok_reply(Session, Len);
  SetString(Result, Text, Len);
end;

procedure Expect(Code, Expected: LongInt; const What: AnsiString);
begin
  if Code <> Expected then
    Fail(What + ': ' + IntToStr(Code) + ' ' + Reply);
  WriteLn(What);
end;

procedure OnLog(UserData: Pointer; Level: LongInt; Text: PAnsiChar; Len: NativeUInt); cdecl;
begin
  if (UserData <> @Lines) or (StrLen(Text) <> Len) then
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

function OnProgress(UserData: Pointer; Phase: LongInt; Done, Total: LongWord): LongInt; cdecl;
begin
  Inc(Steps);
  if (UserData <> @Lines) or (Done > Total) then
    Fail('progress');
  MustTrap('in a callback ');
  Result := Ord(GiveUp and (Phase = 3));
end;

function StackNow: NativeUInt; assembler; nostackframe;
asm
{$ifdef CPUX86_64}
  mov rax, rsp
{$else}
  mov eax, esp
{$endif}
end;

{ A convention that both sides do not share moves the stack at every call. }
procedure ManyCalls;
var
  I: Integer;
  Before: NativeUInt;
  Ignored: PSession;
  Nobody: THost;
begin
  FillChar(Nobody, SizeOf(Nobody), 0);
  Before := StackNow;
  for I := 1 to 20000 do
  begin
    if zvonok_abi_version <> 1 then Fail('abi');
    if zvonok_strerror(I) = nil then Fail('strerror');
    if zvonok_request(nil, '{}', 2) <> -1 then Fail('request');
    if zvonok_sync_path(nil, '/', 1, nil, 0) <> -1 then Fail('sync_path');
    { A struct of size 0 is refused: all four arguments are read, nothing is opened. }
    if I mod 20 <> 0 then
    begin
      if zvonok_cancel(nil) <> -1 then Fail('cancel');
    end
    else
    begin
      if zvonok_open('{}', 2, @Nobody, Ignored) <> -2 then Fail('open');
      if zvonok_close(Ignored) <> 0 then Fail('close');
    end;
    if StackNow <> Before then
      Fail('the stack drifts: call ' + IntToStr(I));
  end;
  WriteLn('100000 calls');
end;

function Sync: LongInt;
begin
  Result := zvonok_sync_path(Session, PAnsiChar(Roster), Length(Roster), PAnsiChar(Options),
    UpToNul);
end;

procedure Cycles;
var
  Host: THost;
begin
  FillChar(Host, SizeOf(Host), 0);
  Host.StructSize := SizeOf(Host);
  Host.AbiVersion := zvonok_abi_version;
  Host.UserData := @Lines;
  Host.Log := OnLog;
  Host.Progress := OnProgress;
  Expect(zvonok_open(PAnsiChar(Config), Length(Config), @Host, Session), 0, 'opened');
  GiveUp := True;
  Expect(Sync, -13, 'cancelled');
  GiveUp := False;
  Expect(Sync, 0, 'synced');
  if (Steps < 3) or (Pos('"format":"zvonok.report/1"', Reply) = 0) then
    Fail(Reply);
end;

procedure Requests;
const
  List: AnsiString = '{"method":"chats.list","actor":"system","params":{}}';
  Wrong: AnsiString = '{"method":"chats.lits","actor":"system","params":{}}';
begin
  Expect(zvonok_request(Session, PAnsiChar(List), Length(List)), 0, 'listed');
  if Pos(#$D0, Reply) = 0 then
    Fail('no Russian letter in UTF-8: ' + Reply);
  Expect(zvonok_request(Session, PAnsiChar(Wrong), Length(Wrong)), -12, 'refused');
  if Pos('chats.list', Reply) = 0 then
    Fail(Reply);
end;

begin
  { The lines are UTF-8 and are handed on as they are. }
  DefaultSystemCodePage := CP_UTF8;
  SetTextCodePage(Input, CP_UTF8);
  ReadLn(Config);
  ReadLn(Roster);
  ReadLn(Options);
  Cycles;
  Requests;
  MustTrap('after calls ');
  WriteLn('traps kept');
  ManyCalls;
  Expect(zvonok_close(Session), 0, 'closed');
end.
