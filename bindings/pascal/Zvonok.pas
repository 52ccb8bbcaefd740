(* A school's messenger chats follow the school's own data: zvonok.h for Free Pascal and for Delphi 7
  and later.

    ZvonokLoad('C:\School\zvonok.dll');
    Session := TZvonokSession.Open(Config, nil, nil);
    try
      Session.Sync(Roster, Options);
      Chats := Session.Request('{"method":"chats.list","actor":"system"}');
    finally
      Session.Free;
    end;

  A call that failed raises EZvonok; a call that finished with something to look at leaves Code at
  ZVONOK_PARTIAL or ZVONOK_HELD. Documents and paths are UTF-8 (UTF8String) on every system and
  compiler; the functions ZvonokFrom... and ZvonokTo... convert. *)
unit Zvonok;

{$IFDEF FPC}
  {$IFNDEF UNICODE}{$MODE DELPHI}{$ENDIF}
{$ENDIF}

interface

uses
  {$IFDEF MSWINDOWS}Windows,{$ENDIF}{$IFDEF FPC}{$IFNDEF MSWINDOWS}DynLibs,{$ENDIF}{$ENDIF} SysUtils;

const
  ZVONOK_ABI_VERSION = 1;

  ZVONOK_OK = 0;
  ZVONOK_PARTIAL = 1;
  ZVONOK_HELD = 2;
  ZVONOK_BAD_HANDLE = -1;
  ZVONOK_BAD_ARGUMENT = -2;
  ZVONOK_BUSY = -3;
  ZVONOK_LOCKED = -4;
  ZVONOK_CONFIG = -5;
  ZVONOK_ROSTER = -6;
  ZVONOK_PROFILE = -7;
  ZVONOK_STATE = -8;
  ZVONOK_PLATFORM = -9;
  ZVONOK_AUTH = -10;
  ZVONOK_DENIED = -11;
  ZVONOK_REQUEST = -12;
  ZVONOK_CANCELLED = -13;
  ZVONOK_INTERNAL = -14;

  ZVONOK_LOG_ERROR = 1;
  ZVONOK_LOG_WARNING = 2;
  ZVONOK_LOG_INFO = 3;
  ZVONOK_LOG_DEBUG = 4;

  ZVONOK_PHASE_READING = 1;
  ZVONOK_PHASE_CHECKING = 2;
  ZVONOK_PHASE_APPLYING = 3;

type
  { size_t. }
  TZvonokSize = {$IFDEF FPC}SizeUInt{$ELSE}{$IFDEF WIN64}NativeUInt{$ELSE}Cardinal{$ENDIF}{$ENDIF};
  PZvonokSize = ^TZvonokSize;

  { A handle to be handed back, not a pointer to anything. }
  PZvonokSession = Pointer;
  PPZvonokSession = ^PZvonokSession;

  TZvonokLogFn = procedure(user_data: Pointer; level: LongInt; text: PAnsiChar;
    len: TZvonokSize); cdecl;
  TZvonokProgressFn = function(user_data: Pointer; phase: LongInt; done: LongWord;
    total: LongWord): LongInt; cdecl;

  TZvonokHost = record
    struct_size: LongWord;
    abi_version: LongWord;
    user_data: Pointer;
    log: TZvonokLogFn;
    progress: TZvonokProgressFn;
  end;
  PZvonokHost = ^TZvonokHost;

  { The twelve functions. In a record, because Pascal does not tell zvonok_request from
    ZVONOK_REQUEST. }
  TZvonokFunctions = record
    zvonok_abi_version: function: LongWord; cdecl;
    zvonok_version: function: PAnsiChar; cdecl;
    zvonok_strerror: function(code: LongInt): PAnsiChar; cdecl;
    zvonok_open: function(config: PAnsiChar; len: TZvonokSize; host: PZvonokHost;
      session: PPZvonokSession): LongInt; cdecl;
    zvonok_sync: function(s: PZvonokSession; roster: PAnsiChar; len: TZvonokSize;
      options: PAnsiChar; options_len: TZvonokSize): LongInt; cdecl;
    zvonok_sync_path: function(s: PZvonokSession; path: PAnsiChar; len: TZvonokSize;
      options: PAnsiChar; options_len: TZvonokSize): LongInt; cdecl;
    zvonok_request: function(s: PZvonokSession; request: PAnsiChar;
      len: TZvonokSize): LongInt; cdecl;
    zvonok_reply: function(s: PZvonokSession; len: PZvonokSize): PAnsiChar; cdecl;
    zvonok_cancel: function(s: PZvonokSession): LongInt; cdecl;
    zvonok_close: function(s: PZvonokSession): LongInt; cdecl;
    zvonok_run_task: function(settings: PAnsiChar; len: TZvonokSize; host: PZvonokHost;
      session: PPZvonokSession): LongInt; cdecl;
    zvonok_check: function(config: PAnsiChar; len: TZvonokSize; roster: PAnsiChar;
      roster_len: TZvonokSize; session: PPZvonokSession): LongInt; cdecl;
  end;

var
  { Empty before ZvonokLoad. }
  ZvonokC: TZvonokFunctions;

type
  { A call failed. Message is the English sentence. }
  EZvonok = class(Exception)
  private
    FCode: LongInt;
    FDocument: UTF8String;
  public
    constructor CreateOf(ACode: LongInt; const ADocument: UTF8String);
    { ROSTER }
    function Name: UTF8String;
    { The sentence in either language. }
    function Ru: UTF8String;
    function En: UTF8String;
    { What is wrong where: ZvonokFind(Fault(0), 'at'), also code, value, message.ru, message.en. }
    function FaultCount: Integer;
    function Fault(Index: Integer): UTF8String;
    { Whether the same call may succeed later. }
    function Retryable: Boolean;
    property Code: LongInt read FCode;
    property Document: UTF8String read FDocument;
  end;

  { Takes a line for the host's log, on the thread of the call. An exception stops nothing and is
    raised when the call is over. }
  TZvonokLogEvent = procedure(Level: LongInt; const Text: UTF8String) of object;

  { Hears how far a phase is, on the thread of the call; True cancels the call. An exception cancels
    it, too, and is raised when the call is over. }
  TZvonokProgressEvent = function(Phase: LongInt; Done, Total: LongWord): Boolean of object;

  { An open session. From any thread, one call at a time: a second one is told ZVONOK_BUSY. }
  TZvonokSession = class
  private
    FHandle: PZvonokSession;
    FHost: TZvonokHost;
    FOnLog: TZvonokLogEvent;
    FOnProgress: TZvonokProgressEvent;
    FInside: LongInt;
    FRaised: Pointer;
    FCode: LongInt;
    FReply: UTF8String;
    procedure Prepare(OnLog: TZvonokLogEvent; OnProgress: TZvonokProgressEvent);
    procedure Enter;
    procedure Leave;
    function Finished(ACode: LongInt): UTF8String;
    procedure Check(ACode: LongInt);
    procedure Remember;
  public
    { Opens a session from a configuration. The callbacks, which may be nil, hear of every call. }
    constructor Open(const Config: UTF8String; OnLog: TZvonokLogEvent;
      OnProgress: TZvonokProgressEvent);
    { A scheduler's whole job; Reply is the report. Settings may be in windows-1251: any bytes. }
    constructor RunTask(const Settings: AnsiString; OnLog: TZvonokLogEvent;
      OnProgress: TZvonokProgressEvent);
    destructor Destroy; override;
    { One cycle with a roster; the report. Options may be empty. }
    function Sync(const Roster, Options: UTF8String): UTF8String;
    { The same with the roster at an absolute path: JSON, or a folder or zip of CSV. }
    function SyncPath(const Path, Options: UTF8String): UTF8String;
    { One question or order from the host's screens; the answer. }
    function Request(const Document: UTF8String): UTF8String;
    { Ends the running call soon; from any thread, also from a callback. }
    procedure Cancel;
    { Ends the session and raises ZVONOK_BUSY while a call runs, which Free cannot. }
    procedure Close;
    { What the last call came to. }
    property Code: LongInt read FCode;
    property Reply: UTF8String read FReply;
  end;

{ Loads the library from an absolute path, once, before anything else. }
procedure ZvonokLoad(const Path: UTF8String);

{ The library's version and what is inside, in one line, for support. }
function ZvonokVersion: UTF8String;

{ One English sentence for a code. }
function ZvonokDescribe(Code: LongInt): UTF8String;

{ Looks for every fault without the state file and the network; the roster may be empty. Faults raise
  nothing: Code is the first of ZVONOK_CONFIG, ZVONOK_PROFILE, ZVONOK_ROSTER that a fault is of. }
function ZvonokCheck(const Config, Roster: UTF8String; out Code: LongInt): UTF8String;

{ Texts of the system's code page (in Russia windows-1251) and of UTF-16 from and to UTF-8. }
function ZvonokFromAnsi(const Text: AnsiString): UTF8String;
function ZvonokFromWide(const Text: WideString): UTF8String;
function ZvonokToAnsi(const Text: UTF8String): AnsiString;
function ZvonokToWide(const Text: UTF8String): WideString;

{ What a document has at a path such as done.create_chat or chats[0].title: of a text its letters, of
  anything else its JSON, and an empty text where there is nothing or null. For compilers that have no
  JSON; with Free Pascal see ZvonokJson. }
function ZvonokFind(const Json: UTF8String; const Path: AnsiString): UTF8String;

{ How many items the list at a path has. }
function ZvonokCount(const Json: UTF8String; const Path: AnsiString): Integer;

{ A text as JSON writes it, in its quotes. }
function ZvonokQuote(const Text: UTF8String): UTF8String;

implementation

{ The document of a handle, copied at once: it is borrowed until the next call. }
function ReplyOf(Handle: PZvonokSession): UTF8String;
var
  Text: PAnsiChar;
  Len: TZvonokSize;
begin
  Len := 0;
  Text := ZvonokC.zvonok_reply(Handle, @Len);
  SetLength(Result, Len);
  if Len > 0 then
    Move(Text^, Result[1], Len);
end;

function Borrowed(Text: PAnsiChar): UTF8String;
begin
  SetLength(Result, StrLen(Text));
  if Length(Result) > 0 then
    Move(Text^, Result[1], Length(Result));
end;

{ Loading }

type
  TZvonokModule = {$IFDEF MSWINDOWS}THandle{$ELSE}TLibHandle{$ENDIF};

function Symbol(Handle: TZvonokModule; const Name: AnsiString): Pointer;
begin
  {$IFDEF MSWINDOWS}
  Result := Windows.GetProcAddress(Handle, PAnsiChar(Name));
  {$ELSE}
  Result := DynLibs.GetProcedureAddress(Handle, Name);
  {$ENDIF}
  if Result = nil then
    raise Exception.Create('not a library of zvonok: no ' + string(Name));
end;

procedure ZvonokLoad(const Path: UTF8String);
var
  Handle: TZvonokModule;
begin
  {$IFDEF MSWINDOWS}
  Handle := LoadLibraryW(PWideChar(ZvonokToWide(Path)));
  {$ELSE}
  Handle := LoadLibrary(RawByteString(Path));
  {$ENDIF}
  if Handle = 0 then
    raise Exception.Create('cannot load ' + string(Path));
  @ZvonokC.zvonok_abi_version := Symbol(Handle, 'zvonok_abi_version');
  if ZvonokC.zvonok_abi_version() <> ZVONOK_ABI_VERSION then
    raise Exception.Create('the library speaks another generation of the interface');
  @ZvonokC.zvonok_version := Symbol(Handle, 'zvonok_version');
  @ZvonokC.zvonok_strerror := Symbol(Handle, 'zvonok_strerror');
  @ZvonokC.zvonok_open := Symbol(Handle, 'zvonok_open');
  @ZvonokC.zvonok_sync := Symbol(Handle, 'zvonok_sync');
  @ZvonokC.zvonok_sync_path := Symbol(Handle, 'zvonok_sync_path');
  @ZvonokC.zvonok_request := Symbol(Handle, 'zvonok_request');
  @ZvonokC.zvonok_reply := Symbol(Handle, 'zvonok_reply');
  @ZvonokC.zvonok_cancel := Symbol(Handle, 'zvonok_cancel');
  @ZvonokC.zvonok_close := Symbol(Handle, 'zvonok_close');
  @ZvonokC.zvonok_run_task := Symbol(Handle, 'zvonok_run_task');
  @ZvonokC.zvonok_check := Symbol(Handle, 'zvonok_check');
end;

function ZvonokVersion: UTF8String;
begin
  Result := Borrowed(ZvonokC.zvonok_version());
end;

function ZvonokDescribe(Code: LongInt): UTF8String;
begin
  Result := Borrowed(ZvonokC.zvonok_strerror(Code));
end;

function ZvonokCheck(const Config, Roster: UTF8String; out Code: LongInt): UTF8String;
var
  Session: PZvonokSession;
  Rows: PAnsiChar;
begin
  Session := nil;
  Rows := nil; { no roster, which an empty one is not }
  if Roster <> '' then
    Rows := PAnsiChar(Roster);
  Code := ZvonokC.zvonok_check(PAnsiChar(Config), Length(Config), Rows, Length(Roster), @Session);
  Result := ReplyOf(Session);
  ZvonokC.zvonok_close(Session);
  case Code of
    ZVONOK_CONFIG, ZVONOK_PROFILE, ZVONOK_ROSTER: ;
  else
    if Code < 0 then
      raise EZvonok.CreateOf(Code, Result);
  end;
end;

{ Errors }

constructor EZvonok.CreateOf(ACode: LongInt; const ADocument: UTF8String);
begin
  FCode := ACode;
  FDocument := ADocument;
  inherited Create(string(Name) + ' (' + IntToStr(ACode) + '): ' + string(En));
end;

function EZvonok.Name: UTF8String;
begin
  Result := ZvonokFind(FDocument, 'name');
end;

function EZvonok.Ru: UTF8String;
begin
  Result := ZvonokFind(FDocument, 'message.ru');
end;

function EZvonok.En: UTF8String;
begin
  Result := ZvonokFind(FDocument, 'message.en');
end;

function EZvonok.FaultCount: Integer;
begin
  Result := ZvonokCount(FDocument, 'faults');
end;

function EZvonok.Fault(Index: Integer): UTF8String;
begin
  Result := ZvonokFind(FDocument, AnsiString('faults[' + IntToStr(Index) + ']'));
end;

function EZvonok.Retryable: Boolean;
begin
  Result := ZvonokFind(FDocument, 'retryable') = 'true';
end;

{ Callbacks: no exception gets into the library }

procedure LogThunk(user_data: Pointer; level: LongInt; text: PAnsiChar; len: TZvonokSize); cdecl;
var
  Session: TZvonokSession;
  Line: UTF8String;
begin
  Session := TZvonokSession(user_data);
  try
    SetLength(Line, len);
    if len > 0 then
      Move(text^, Line[1], len);
    Session.FOnLog(level, Line);
  except
    Session.Remember;
  end;
end;

function ProgressThunk(user_data: Pointer; phase: LongInt; done, total: LongWord): LongInt; cdecl;
var
  Session: TZvonokSession;
begin
  Session := TZvonokSession(user_data);
  try
    Result := Ord(Session.FOnProgress(phase, done, total));
  except
    Session.Remember;
    Result := 1;
  end;
end;

procedure TZvonokSession.Remember;
begin
  if FRaised = nil then
    FRaised := AcquireExceptionObject;
end;

{ Sessions }

procedure TZvonokSession.Prepare(OnLog: TZvonokLogEvent; OnProgress: TZvonokProgressEvent);
begin
  FOnLog := OnLog;
  FOnProgress := OnProgress;
  FHost.struct_size := SizeOf(FHost);
  FHost.abi_version := ZVONOK_ABI_VERSION;
  FHost.user_data := Self;
  if Assigned(OnLog) then
    FHost.log := LogThunk;
  if Assigned(OnProgress) then
    FHost.progress := ProgressThunk;
end;

constructor TZvonokSession.Open(const Config: UTF8String; OnLog: TZvonokLogEvent;
  OnProgress: TZvonokProgressEvent);
begin
  inherited Create;
  Prepare(OnLog, OnProgress);
  Finished(ZvonokC.zvonok_open(PAnsiChar(Config), Length(Config), @FHost, @FHandle));
end;

constructor TZvonokSession.RunTask(const Settings: AnsiString; OnLog: TZvonokLogEvent;
  OnProgress: TZvonokProgressEvent);
begin
  inherited Create;
  Prepare(OnLog, OnProgress);
  Finished(ZvonokC.zvonok_run_task(PAnsiChar(Settings), Length(Settings), @FHost, @FHandle));
end;

{ Also called where a constructor raised. }
destructor TZvonokSession.Destroy;
begin
  if FHandle <> nil then
    ZvonokC.zvonok_close(FHandle);
  inherited Destroy;
end;

function TZvonokSession.Sync(const Roster, Options: UTF8String): UTF8String;
begin
  Enter;
  try
    Result := Finished(ZvonokC.zvonok_sync(FHandle, PAnsiChar(Roster), Length(Roster),
      PAnsiChar(Options), Length(Options)));
  finally
    Leave;
  end;
end;

function TZvonokSession.SyncPath(const Path, Options: UTF8String): UTF8String;
begin
  Enter;
  try
    Result := Finished(ZvonokC.zvonok_sync_path(FHandle, PAnsiChar(Path), Length(Path),
      PAnsiChar(Options), Length(Options)));
  finally
    Leave;
  end;
end;

function TZvonokSession.Request(const Document: UTF8String): UTF8String;
begin
  Enter;
  try
    Result := Finished(ZvonokC.zvonok_request(FHandle, PAnsiChar(Document), Length(Document)));
  finally
    Leave;
  end;
end;

procedure TZvonokSession.Cancel;
begin
  Check(ZvonokC.zvonok_cancel(FHandle));
end;

procedure TZvonokSession.Close;
begin
  Enter;
  try
    Check(ZvonokC.zvonok_close(FHandle));
    FHandle := nil;
  finally
    Leave;
  end;
end;

{ A reply is borrowed until the next call, so that one has to wait. }
procedure TZvonokSession.Enter;
begin
  if InterlockedExchange(FInside, 1) <> 0 then
    raise EZvonok.CreateOf(ZVONOK_BUSY, '{"name":"BUSY","message":{"en":' +
      ZvonokQuote(ZvonokDescribe(ZVONOK_BUSY)) + '},"retryable":true}');
end;

procedure TZvonokSession.Leave;
begin
  FInside := 0;
end;

{ Takes the reply; what a callback raised goes first. }
function TZvonokSession.Finished(ACode: LongInt): UTF8String;
var
  Raised: TObject;
begin
  FCode := ACode;
  FReply := ReplyOf(FHandle);
  Raised := TObject(FRaised);
  FRaised := nil;
  if Raised <> nil then
    raise Raised;
  if ACode < 0 then
    raise EZvonok.CreateOf(ACode, FReply);
  Result := FReply;
end;

{ For calls that leave no document. }
procedure TZvonokSession.Check(ACode: LongInt);
begin
  if ACode < 0 then
    raise EZvonok.CreateOf(ACode, ReplyOf(FHandle));
end;

{ Texts }

function ZvonokFromWide(const Text: WideString): UTF8String;
begin
  Result := UTF8Encode(Text);
end;

function ZvonokToWide(const Text: UTF8String): WideString;
begin
  Result := {$IFDEF UNICODE}UTF8ToString(Text){$ELSE}UTF8Decode(Text){$ENDIF};
end;

function ZvonokFromAnsi(const Text: AnsiString): UTF8String;
begin
  Result := ZvonokFromWide(WideString(Text));
end;

function ZvonokToAnsi(const Text: UTF8String): AnsiString;
begin
  Result := AnsiString(ZvonokToWide(Text));
end;

{ A reader of paths. It steps over values without building anything. }

type
  TJsonAt = record
    Text: UTF8String;
    At: Integer;
  end;

function Peek(const J: TJsonAt): AnsiChar;
begin
  if J.At <= Length(J.Text) then
    Result := J.Text[J.At]
  else
    Result := #0;
end;

procedure Space(var J: TJsonAt);
begin
  while Peek(J) in [' ', #9, #10, #13] do
    Inc(J.At);
end;

function Take(var J: TJsonAt; Wanted: AnsiChar): Boolean;
begin
  Space(J);
  Result := Peek(J) = Wanted;
  if Result then
    Inc(J.At);
end;

procedure SkipText(var J: TJsonAt);
begin
  Inc(J.At);
  while not (Peek(J) in ['"', #0]) do
  begin
    if Peek(J) = '\' then
      Inc(J.At);
    Inc(J.At);
  end;
  Inc(J.At);
end;

procedure Skip(var J: TJsonAt);
var
  Depth: Integer;
begin
  Space(J);
  Depth := 0;
  repeat
    case Peek(J) of
      '"': SkipText(J);
      '{', '[':
        begin
          Inc(Depth);
          Inc(J.At);
        end;
      '}', ']':
        begin
          Dec(Depth);
          Inc(J.At);
        end;
      #0: Exit;
    else
      Inc(J.At);
      if Depth = 0 then
        while not (Peek(J) in [',', '}', ']', ' ', #9, #10, #13, #0]) do
          Inc(J.At);
    end;
  until Depth <= 0;
end;

{ Appends a byte. Adding characters to strings would convert them between code pages. }
procedure Put(var Text: UTF8String; var Len: Integer; Letter: AnsiChar);
begin
  Inc(Len);
  if Len > Length(Text) then
    SetLength(Text, 2 * Len);
  Text[Len] := Letter;
end;

procedure PutAll(var Text: UTF8String; var Len: Integer; const More: UTF8String);
var
  I: Integer;
begin
  for I := 1 to Length(More) do
    Put(Text, Len, More[I]);
end;

{ The UTF-16 unit of an escape whose digits begin here. }
function UnitAt(const Text: UTF8String; At: Integer): WideChar;
begin
  Result := WideChar(StrToIntDef('$' + string(Copy(Text, At, 4)), $FFFD));
end;

{ The letters of a text in quotes. }
function Unquoted(const Text: UTF8String): UTF8String;
const
  Names: AnsiString = '"\/bfnrt';
  Letters: AnsiString = '"\/'#8#12#10#13#9;
var
  I, Len, Place: Integer;
  Wide: WideString;
begin
  SetLength(Result, Length(Text));
  Len := 0;
  I := 2;
  while I < Length(Text) do
  begin
    if Text[I] <> '\' then
      Put(Result, Len, Text[I])
    else
    begin
      Inc(I);
      Place := Pos(Text[I], Names);
      if Place > 0 then
        Put(Result, Len, Letters[Place])
      else
      begin
        Wide := UnitAt(Text, I + 1);
        Inc(I, 4);
        if (Ord(Wide[1]) and $FC00 = $D800) and (Copy(Text, I + 1, 2) = '\u') then
        begin
          Wide := Wide + UnitAt(Text, I + 3);
          Inc(I, 6);
        end;
        PutAll(Result, Len, ZvonokFromWide(Wide));
      end;
    end;
    Inc(I);
  end;
  SetLength(Result, Len);
end;

{ Goes to a field of the object that J is at or, where Index is not negative, to an item of the list. }
function Step(var J: TJsonAt; const Name: UTF8String; Index: Integer): Boolean;
var
  Start: Integer;
  Opening: AnsiChar;
begin
  Result := False;
  if Index < 0 then
    Opening := '{'
  else
    Opening := '[';
  if not Take(J, Opening) then
    Exit;
  Space(J);
  while not (Peek(J) in ['}', ']', #0]) do
  begin
    if Index < 0 then
    begin
      Start := J.At;
      SkipText(J);
      Result := Unquoted(Copy(J.Text, Start, J.At - Start)) = Name;
      Take(J, ':');
    end
    else
      Result := Index = 0;
    Space(J);
    if Result then
      Exit;
    if Index > 0 then
      Dec(Index);
    Skip(J);
    Take(J, ',');
    Space(J);
  end;
end;

{ Goes to a path, a step at a time: name, .name or [number]. }
function Find(var J: TJsonAt; const Path: AnsiString): Boolean;
var
  I, Start: Integer;
begin
  Result := True;
  J.At := 1;
  I := 1;
  Space(J);
  while Result and (I <= Length(Path)) do
  begin
    if Path[I] in ['.', '['] then
      Inc(I);
    Start := I;
    while (I <= Length(Path)) and not (Path[I] in ['.', '[', ']']) do
      Inc(I);
    if (I <= Length(Path)) and (Path[I] = ']') then
    begin
      Result := Step(J, '', StrToIntDef(string(Copy(Path, Start, I - Start)), MaxInt));
      Inc(I);
    end
    else
      Result := Step(J, UTF8String(Copy(Path, Start, I - Start)), -1);
  end;
end;

function ZvonokFind(const Json: UTF8String; const Path: AnsiString): UTF8String;
var
  J: TJsonAt;
  Start: Integer;
begin
  Result := '';
  J.Text := Json;
  if not Find(J, Path) then
    Exit;
  Start := J.At;
  Skip(J);
  Result := Copy(Json, Start, J.At - Start);
  if (Result <> '') and (Result[1] = '"') then
    Result := Unquoted(Result)
  else if Result = 'null' then
    Result := '';
end;

function ZvonokCount(const Json: UTF8String; const Path: AnsiString): Integer;
var
  J: TJsonAt;
begin
  Result := 0;
  J.Text := Json;
  if not Find(J, Path) or not Take(J, '[') then
    Exit;
  Space(J);
  while not (Peek(J) in [']', #0]) do
  begin
    Inc(Result);
    Skip(J);
    Take(J, ',');
    Space(J);
  end;
end;

function ZvonokQuote(const Text: UTF8String): UTF8String;
var
  I, Len: Integer;
begin
  SetLength(Result, Length(Text) + 2);
  Len := 0;
  Put(Result, Len, '"');
  for I := 1 to Length(Text) do
    if Text[I] < ' ' then
      PutAll(Result, Len, UTF8String('\u' + IntToHex(Ord(Text[I]), 4)))
    else
    begin
      if Text[I] in ['"', '\'] then
        Put(Result, Len, '\');
      Put(Result, Len, Text[I]);
    end;
  Put(Result, Len, '"');
  SetLength(Result, Len);
end;

end.
