using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Zvonok
{
    /// <summary>The loaded library.</summary>
    /// <remarks>
    /// Mono looks for a library when it compiles a method that calls it. What calls it first is never
    /// put into a method of the host's, therefore, which would be compiled before Load has run.
    /// </remarks>
    public static class Library
    {
        /// <summary>
        /// Loads the library from an absolute path, before anything else. Without this the system
        /// looks for it: beside the program, then where it looks for libraries.
        /// </summary>
        public static void Load(string path)
        {
            bool windows = Path.DirectorySeparatorChar == '\\';
            IntPtr found = windows ? LoadLibrary(path) : dlopen(Bytes(path + '\0'), Now);
            if (found == IntPtr.Zero)
            {
                throw new DllNotFoundException(path);
            }
            CheckGeneration();
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void CheckGeneration()
        {
            if (AbiVersion != Native.AbiVersion)
            {
                throw new NotSupportedException("zvonok speaks interface " + AbiVersion + ", not " + Native.AbiVersion);
            }
        }

        public static uint AbiVersion
        {
            [MethodImpl(MethodImplOptions.NoInlining)]
            get { return Native.zvonok_abi_version(); }
        }

        /// <summary>The library's version and what is inside, in one line, for support.</summary>
        public static string Version
        {
            [MethodImpl(MethodImplOptions.NoInlining)]
            get { return Utf8(Native.zvonok_version()); }
        }

        /// <summary>One English sentence for a code.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static string Describe(int code)
        {
            return Utf8(Native.zvonok_strerror(code));
        }

        internal static byte[] Bytes(string text)
        {
            return Encoding.UTF8.GetBytes(text);
        }

        internal static string Utf8(IntPtr text, int length)
        {
            byte[] bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        private static string Utf8(IntPtr text)
        {
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }
            return Utf8(text, length);
        }

        private const int Now = 2;

        [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern IntPtr LoadLibrary(string path);

        [DllImport("libdl.so.2")]
        private static extern IntPtr dlopen(byte[] path, int flags);
    }
}
