{ A program that imports a function without the unit Zvonok, as docs/windows.md shows. Its exit code
  7 is that all is well. }
{$mode delphi}
{$apptype console}
program linked;

function zvonok_open(Config: PAnsiChar; Len: NativeUInt; Host: Pointer; out Session: Pointer): LongInt;
  cdecl; external 'zvonok.dll';
function zvonok_close(Session: Pointer): LongInt; cdecl; external 'zvonok.dll';

var
  Session: Pointer;
begin
  if (zvonok_open('{', 1, nil, Session) = -5) and (Session <> nil) and (zvonok_close(Session) = 0) then
    Halt(7);
  Halt(1);
end.
