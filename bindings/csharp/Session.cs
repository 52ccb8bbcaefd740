using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Zvonok
{
    /// <summary>Takes a line for the host's log, on the thread of the call. An exception stops
    /// nothing and is thrown when the call is over.</summary>
    public delegate void LogHandler(LogLevel level, string text);

    /// <summary>Hears how far a phase is, on the thread of the call; true cancels the call. An
    /// exception cancels it, too, and is thrown when the call is over.</summary>
    public delegate bool ProgressHandler(Phase phase, uint done, uint total);

    /// <summary>
    /// An open session: a school's messenger chats follow the school's own data.
    /// <code>
    /// using (Session session = Session.Open(config))
    /// {
    ///     Reply report = session.Sync(roster, options);
    /// }
    /// </code>
    /// A call that failed throws <see cref="ZvonokException"/>; a call that finished with something to
    /// look at returns a <see cref="Reply"/> whose code is Partial or Held. From any thread, one call
    /// at a time: a second one is told Busy at once. Close throws Busy while a call runs; Dispose
    /// leaves the session to the end of that call.
    /// </summary>
    public sealed class Session : IDisposable
    {
        private delegate int Start(byte[] text, UIntPtr len, ref Native.Host host, out SessionHandle session);

        // The library calls these as long as the session lives, so they must live as long.
        private readonly Native.LogFn onLog;
        private readonly Native.ProgressFn onProgress;
        private readonly LogHandler log;
        private readonly ProgressHandler progress;

        private SessionHandle handle = new SessionHandle();
        private Exception thrown;
        private int inside;

        private Session(LogHandler log, ProgressHandler progress)
        {
            this.log = log;
            this.progress = progress;
            onLog = OnLog;
            onProgress = OnProgress;
            Reply = new Reply(Code.Ok, "{}");
        }

        /// <summary>What the last call on this session came to.</summary>
        public Reply Reply { get; private set; }

        public static Session Open(IDictionary<string, object> config, LogHandler log = null, ProgressHandler progress = null)
        {
            return Open(Json.Write(config), log, progress);
        }

        /// <summary>Opens a session. The callbacks hear of every call on it.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static Session Open(string config, LogHandler log = null, ProgressHandler progress = null)
        {
            return new Session(log, progress).Started(Native.zvonok_open, Library.Bytes(config));
        }

        /// <summary>A scheduler's whole job; the report is the session's Reply.</summary>
        public static Session RunTask(string settings, LogHandler log = null, ProgressHandler progress = null)
        {
            return RunTask(Library.Bytes(settings), log, progress);
        }

        /// <summary>The same with bytes as they are: a settings text may be in windows-1251.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static Session RunTask(byte[] settings, LogHandler log = null, ProgressHandler progress = null)
        {
            return new Session(log, progress).Started(Native.zvonok_run_task, settings);
        }

        public static Reply Check(IDictionary<string, object> config, IDictionary<string, object> roster = null)
        {
            return Check(Json.Write(config), roster == null ? null : Json.Write(roster));
        }

        /// <summary>Looks for every fault without the state file and the network. Faults throw
        /// nothing: the code is the first of Config, Profile, Roster that a fault is of.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static Reply Check(string config, string roster = null)
        {
            using (Session session = new Session(null, null))
            {
                byte[] text = Library.Bytes(config);
                byte[] rows = roster == null ? null : Library.Bytes(roster);
                int code = Native.zvonok_check(text, Size(text), rows, Size(rows), out session.handle);
                Reply reply = new Reply(code, session.ReplyText());
                bool faults = code == Code.Config || code == Code.Profile || code == Code.Roster;
                if (code < 0 && !faults)
                {
                    throw new ZvonokException(code, reply.Text);
                }
                return reply;
            }
        }

        public Reply Sync(IDictionary<string, object> roster, IDictionary<string, object> options)
        {
            return Sync(Json.Write(roster), Json.Write(options));
        }

        /// <summary>One cycle with a roster. The options may be empty.</summary>
        public Reply Sync(string roster, string options = "")
        {
            byte[] text = Library.Bytes(roster), more = Library.Bytes(options);
            return Call(() => Native.zvonok_sync(Handle, text, Size(text), more, Size(more)));
        }

        public Reply SyncPath(string path, IDictionary<string, object> options)
        {
            return SyncPath(path, Json.Write(options));
        }

        /// <summary>One cycle with the roster at an absolute path: JSON, or a folder or zip of
        /// CSV.</summary>
        public Reply SyncPath(string path, string options = "")
        {
            byte[] text = Library.Bytes(path), more = Library.Bytes(options);
            return Call(() => Native.zvonok_sync_path(Handle, text, Size(text), more, Size(more)));
        }

        public Reply Request(IDictionary<string, object> request)
        {
            return Request(Json.Write(request));
        }

        /// <summary>One question or order from the host's screens.</summary>
        public Reply Request(string request)
        {
            byte[] text = Library.Bytes(request);
            return Call(() => Native.zvonok_request(Handle, text, Size(text)));
        }

        /// <summary>Ends the running call soon; from any thread, also from a callback.</summary>
        public void Cancel()
        {
            Throw(Native.zvonok_cancel(Handle));
        }

        /// <summary>Ends the session. A second time is fine.</summary>
        public void Close()
        {
            Alone(() =>
            {
                if (!handle.IsClosed)
                {
                    Throw(handle.End());
                }
                return null;
            });
        }

        public void Dispose()
        {
            handle.Dispose();
        }

        /// <summary>A closed session is for the library to tell, as BadHandle.</summary>
        private SessionHandle Handle
        {
            get { return handle.IsClosed ? new SessionHandle() : handle; }
        }

        private Session Started(Start function, byte[] text)
        {
            Native.Host host = new Native.Host();
            host.struct_size = (uint)Marshal.SizeOf(typeof(Native.Host));
            host.abi_version = Native.AbiVersion;
            host.log = log == null ? null : onLog;
            host.progress = progress == null ? null : onProgress;
            try
            {
                int code = function(text, Size(text), ref host, out handle);
                handle.Callbacks = new Delegate[] { onLog, onProgress };
                Finished(code);
                return this;
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        private Reply Call(Func<int> function)
        {
            return Alone(() => Finished(function()));
        }

        /// <summary>A reply is borrowed until the next call, so that one has to wait.</summary>
        private Reply Alone(Func<Reply> call)
        {
            if (Interlocked.CompareExchange(ref inside, 1, 0) != 0)
            {
                string message = "{\"en\":" + Json.Write(Library.Describe(Code.Busy)) + "}";
                throw new ZvonokException(Code.Busy, "{\"name\":\"BUSY\",\"message\":" + message + ",\"retryable\":true}");
            }
            try
            {
                return call();
            }
            finally
            {
                Interlocked.Exchange(ref inside, 0);
                GC.KeepAlive(this);
            }
        }

        /// <summary>Takes the reply; what a callback threw goes first.</summary>
        private Reply Finished(int code)
        {
            Reply = new Reply(code, ReplyText());
            Exception found = thrown;
            thrown = null;
            if (found != null)
            {
                // .NET 4.0 has no way to throw it again with its trace.
                found.Data["zvonok.callback"] = found.StackTrace;
                throw found;
            }
            Throw(code);
            return Reply;
        }

        private void Throw(int code)
        {
            if (code < 0)
            {
                throw new ZvonokException(code, ReplyText());
            }
        }

        private string ReplyText()
        {
            UIntPtr length;
            IntPtr text = Native.zvonok_reply(Handle, out length);
            return Library.Utf8(text, (int)length);
        }

        private void OnLog(IntPtr data, int level, IntPtr text, UIntPtr length)
        {
            try
            {
                log((LogLevel)level, Library.Utf8(text, (int)length));
            }
            catch (Exception error)
            {
                thrown = thrown ?? error;
            }
        }

        private int OnProgress(IntPtr data, int phase, uint done, uint total)
        {
            try
            {
                return progress((Phase)phase, done, total) ? 1 : 0;
            }
            catch (Exception error)
            {
                thrown = thrown ?? error;
                return 1;
            }
        }

        private static UIntPtr Size(byte[] text)
        {
            return new UIntPtr(text == null ? 0u : (uint)text.Length);
        }
    }
}
