import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import zvonok.Json;
import zvonok.Reply;
import zvonok.Session;
import zvonok.Zvonok;
import zvonok.ZvonokException;

/** Replays a conversation through the Java binding: LIBRARY STEPS, an answer a line. */
public final class Runner {
    /** The host's own. */
    private static final class Trouble extends RuntimeException {
        private static final long serialVersionUID = 1;

        Trouble(String text) {
            super(text);
        }
    }

    private final Zvonok zvonok;
    private final PrintStream out;
    private final Map<String, Session> sessions = new HashMap<>();

    private List<Object> log;
    private List<Object> phases;
    private List<Object> during;

    private Runner(String library) throws IOException {
        zvonok = new Zvonok(library);
        out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
    }

    public static void main(String[] arguments) throws IOException {
        Runner runner = new Runner(arguments[0]);
        for (Object step : (List<?>) Json.parse(read(arguments[1]))) {
            runner.play(map(step));
        }
        runner.out.flush();
    }

    private void play(Map<String, Object> step) {
        log = new ArrayList<>();
        phases = new ArrayList<>();
        during = new ArrayList<>(list(step.get("during")));
        Map<String, Object> told = answer(step);
        told.put("log", log);
        told.put("phases", phases);
        say(told);
    }

    private void say(Map<String, Object> told) {
        out.print(Json.write(told) + "\n");
    }

    private void onLog(int level, String text) {
        log.add(java.util.Arrays.<Object>asList(level, text));
    }

    private boolean onProgress(int phase, int done, int total) {
        if (Integer.compareUnsigned(done, total) > 0) {
            throw new IllegalStateException("more done than there is");
        }
        if (!phases.contains(phase)) {
            phases.add(phase);
            System.gc(); // what the library still calls must not be collected
        }
        List<Object> now = new ArrayList<>(during);
        now.removeIf(step -> number(map(step).get("phase")) != phase);
        during.removeAll(now);
        for (Object each : now) {
            Map<String, Object> step = map(each);
            if (step.get("do").equals("throw")) {
                throw new Trouble((String) step.get("text"));
            }
            if (step.get("do").equals("stop")) {
                return true;
            }
            say(answer(step));
        }
        return false;
    }

    private Map<String, Object> answer(Map<String, Object> step) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("step", step.get("name"));
        try {
            perform(step, told);
        } catch (ZvonokException error) {
            told.put("code", error.code());
            told.put("reply", error.document());
            Map<String, Object> seen = new LinkedHashMap<>();
            seen.put("name", error.name());
            seen.put("ru", error.ru() == null ? "" : error.ru());
            seen.put("en", error.en());
            seen.put("faults", error.faults());
            seen.put("retryable", error.retryable());
            told.put("error", seen);
        } catch (Trouble trouble) {
            told.put("thrown", trouble.getMessage());
        }
        return told;
    }

    private void perform(Map<String, Object> step, Map<String, Object> told) {
        Session session = sessions.get((String) step.get("on"));
        switch ((String) step.get("do")) {
            case "about":
                told.put("abi", zvonok.abiVersion());
                told.put("version", zvonok.version());
                return;
            case "describe":
                told.put("text", zvonok.describe(number(step.get("code"))));
                return;
            case "cancel":
                session.cancel();
                told.put("code", 0);
                return;
            case "close":
                session.close();
                told.put("code", 0);
                return;
            default:
                Reply reply = reply(step, session);
                told.put("code", reply.code);
                told.put("reply", reply.document());
        }
    }

    private Reply reply(Map<String, Object> step, Session session) {
        Map<String, Object> json = map(step.get("json"));
        String file = (String) step.get("file");
        switch ((String) step.get("do")) {
            case "open":
                return kept(step, zvonok.open(json, this::onLog, this::onProgress));
            case "run_task":
                return kept(step, zvonok.runTask(bytes(file), this::onLog, this::onProgress));
            case "check":
                return zvonok.check(json, file == null ? null : map(Json.parse(read(file))));
            case "sync":
                return session.sync(map(Json.parse(read(file))), json);
            case "sync_path":
                return session.syncPath(file, json);
            case "request":
                return session.request(json);
            default:
                return session.reply();
        }
    }

    private Reply kept(Map<String, Object> step, Session session) {
        sessions.put((String) step.get("on"), session);
        return session.reply();
    }

    private static byte[] bytes(String file) {
        try {
            return Files.readAllBytes(Paths.get(file));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static String read(String file) {
        return new String(bytes(file), StandardCharsets.UTF_8);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Object value) {
        return value == null ? new ArrayList<>() : (List<Object>) value;
    }

    private static int number(Object value) {
        return ((Long) value).intValue();
    }
}
