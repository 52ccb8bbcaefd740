using System;
using System.Runtime.InteropServices;

namespace Zvonok
{
    /// <summary>The twelve functions of zvonok.h. A test compares them with the header.</summary>
    internal static class Native
    {
        internal const uint AbiVersion = 1;

        /// <summary>zvonok.dll; on Mono the configuration file maps it to libzvonok.so.1.</summary>
        private const string Dll = "zvonok";

        private const CallingConvention Cdecl = CallingConvention.Cdecl;

        [UnmanagedFunctionPointer(Cdecl)]
        internal delegate void LogFn(IntPtr user_data, int level, IntPtr text, UIntPtr len);

        [UnmanagedFunctionPointer(Cdecl)]
        internal delegate int ProgressFn(IntPtr user_data, int phase, uint done, uint total);

        /// <summary>zvonok_host.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct Host
        {
            internal uint struct_size;
            internal uint abi_version;
            internal IntPtr user_data;
            internal LogFn log;
            internal ProgressFn progress;
        }

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern uint zvonok_abi_version();

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern IntPtr zvonok_version();

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern IntPtr zvonok_strerror(int code);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_open(byte[] config, UIntPtr len, ref Host host, out SessionHandle session);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_sync(SessionHandle s, byte[] roster, UIntPtr len, byte[] options, UIntPtr options_len);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_sync_path(SessionHandle s, byte[] path, UIntPtr len, byte[] options, UIntPtr options_len);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_request(SessionHandle s, byte[] request, UIntPtr len);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern IntPtr zvonok_reply(SessionHandle s, out UIntPtr len);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_cancel(SessionHandle s);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_close(IntPtr s);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_run_task(byte[] settings, UIntPtr len, ref Host host, out SessionHandle session);

        [DllImport(Dll, CallingConvention = Cdecl)]
        internal static extern int zvonok_check(byte[] config, UIntPtr len, byte[] roster, UIntPtr roster_len, out SessionHandle session);
    }

    /// <summary>
    /// Ends its session when nobody needs it any more. The runtime counts the calls that are under
    /// way, so that none of them loses its session.
    /// </summary>
    internal sealed class SessionHandle : SafeHandle
    {
        /// <summary>What the library may call until the session ends.</summary>
        internal object Callbacks;

        public SessionHandle() : base(IntPtr.Zero, true)
        {
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }

        /// <summary>Ends the session now; what the library says to it.</summary>
        internal int End()
        {
            int code = Native.zvonok_close(handle);
            if (code == Code.Ok)
            {
                SetHandleAsInvalid();
            }
            return code;
        }

        protected override bool ReleaseHandle()
        {
            return Native.zvonok_close(handle) == Code.Ok;
        }
    }
}
