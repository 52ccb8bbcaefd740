package zvonok;

import com.sun.jna.Callback;
import com.sun.jna.IntegerType;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.PointerByReference;

/**
 * The twelve functions of zvonok.h as JNA sees them. Public because JNA asks for that; hosts use
 * {@link Zvonok}. A test compares it with the header.
 */
public interface C extends Library {
    int ABI_VERSION = 1;

    int zvonok_abi_version();

    Pointer zvonok_version();

    Pointer zvonok_strerror(int code);

    int zvonok_open(byte[] config, Size len, Host host, PointerByReference out);

    int zvonok_sync(Pointer s, byte[] roster, Size len, byte[] options, Size options_len);

    int zvonok_sync_path(Pointer s, byte[] path, Size len, byte[] options, Size options_len);

    int zvonok_request(Pointer s, byte[] request, Size len);

    Pointer zvonok_reply(Pointer s, SizeByReference len);

    int zvonok_cancel(Pointer s);

    int zvonok_close(Pointer s);

    int zvonok_run_task(byte[] settings, Size len, Host host, PointerByReference out);

    int zvonok_check(byte[] config, Size len, byte[] roster, Size roster_len, PointerByReference out);

    /** zvonok_log_fn. */
    interface LogFn extends Callback {
        void invoke(Pointer user_data, int level, Pointer text, Size len);
    }

    /** zvonok_progress_fn. */
    interface ProgressFn extends Callback {
        int invoke(Pointer user_data, int phase, int done, int total);
    }

    /** zvonok_host. */
    @Structure.FieldOrder({"struct_size", "abi_version", "user_data", "log", "progress"})
    class Host extends Structure {
        public int struct_size;
        public int abi_version;
        public Pointer user_data;
        public LogFn log;
        public ProgressFn progress;

        public Host() {
            struct_size = size();
            abi_version = ABI_VERSION;
            setAutoRead(false);
        }
    }

    /** size_t. */
    class Size extends IntegerType {
        private static final long serialVersionUID = 1;

        public Size() {
            this(0);
        }

        public Size(long value) {
            super(Native.SIZE_T_SIZE, value, true);
        }
    }

    /** Where a size_t is put. */
    class SizeByReference extends com.sun.jna.ptr.ByReference {
        public SizeByReference() {
            super(Native.SIZE_T_SIZE);
        }

        public int get() {
            Pointer at = getPointer();
            return (int) (Native.SIZE_T_SIZE == 8 ? at.getLong(0) : at.getInt(0));
        }
    }
}
