using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Zvonok;

/// <summary>Replays a conversation through the C# binding: LIBRARY STEPS, an answer a line.</summary>
internal static class Runner
{
    /// <summary>The host's own.</summary>
    private sealed class Trouble : Exception
    {
        internal Trouble(string text) : base(text)
        {
        }
    }

    private static readonly Dictionary<string, Session> Sessions = new Dictionary<string, Session>();
    private static readonly Stream Out = Console.OpenStandardOutput();

    private static List<object> log, phases, during;

    private static void Main(string[] arguments)
    {
        Library.Load(arguments[0]);
        foreach (object step in (List<object>)Json.Parse(File.ReadAllText(arguments[1])))
        {
            Play(Map(step));
        }
        Out.Flush();
    }

    private static void Play(IDictionary<string, object> step)
    {
        log = new List<object>();
        phases = new List<object>();
        during = step.ContainsKey("during") ? (List<object>)step["during"] : new List<object>();
        IDictionary<string, object> told = Answer(step);
        told["log"] = log;
        told["phases"] = phases;
        Say(told);
    }

    private static void Say(IDictionary<string, object> told)
    {
        byte[] line = Encoding.UTF8.GetBytes(Json.Write(told) + "\n");
        Out.Write(line, 0, line.Length);
    }

    private static void OnLog(LogLevel level, string text)
    {
        log.Add(new List<object> { (int)level, text });
    }

    private static bool OnProgress(Phase phase, uint done, uint total)
    {
        if (done > total)
        {
            throw new InvalidOperationException("more done than there is");
        }
        if (!phases.Contains((int)phase))
        {
            phases.Add((int)phase);
            // What the library still calls must not be collected.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        List<object> now = during.FindAll(step => (long)Map(step)["phase"] == (long)phase);
        during = during.FindAll(step => !now.Contains(step));
        foreach (object each in now)
        {
            IDictionary<string, object> step = Map(each);
            if (Word(step, "do") == "throw")
            {
                throw new Trouble(Word(step, "text"));
            }
            if (Word(step, "do") == "stop")
            {
                return true;
            }
            Say(Answer(step));
        }
        return false;
    }

    private static IDictionary<string, object> Answer(IDictionary<string, object> step)
    {
        Dictionary<string, object> told = new Dictionary<string, object>();
        told["step"] = step["name"];
        try
        {
            Perform(step, told);
        }
        catch (ZvonokException error)
        {
            told["code"] = error.Code;
            told["reply"] = error.Document;
            Dictionary<string, object> seen = new Dictionary<string, object>();
            seen["name"] = error.Name;
            seen["ru"] = error.Ru;
            seen["en"] = error.En;
            seen["faults"] = error.Faults;
            seen["retryable"] = error.Retryable;
            told["error"] = seen;
        }
        catch (Trouble trouble)
        {
            bool traced = trouble.Data.Contains("zvonok.callback");
            told["thrown"] = traced ? trouble.Message : "its trace is lost";
        }
        return told;
    }

    private static void Perform(IDictionary<string, object> step, IDictionary<string, object> told)
    {
        switch (Word(step, "do"))
        {
            case "about":
                told["abi"] = Library.AbiVersion;
                told["version"] = Library.Version;
                break;
            case "describe":
                told["text"] = Library.Describe((int)(long)step["code"]);
                break;
            case "cancel":
                Sessions[Word(step, "on")].Cancel();
                told["code"] = 0;
                break;
            case "close":
                Sessions[Word(step, "on")].Close();
                told["code"] = 0;
                break;
            default:
                Reply reply = ReplyTo(step);
                told["code"] = reply.Code;
                told["reply"] = reply.Document;
                break;
        }
    }

    private static Reply ReplyTo(IDictionary<string, object> step)
    {
        IDictionary<string, object> json = step.ContainsKey("json") ? Map(step["json"]) : null;
        string file = Word(step, "file"), on = Word(step, "on");
        switch (Word(step, "do"))
        {
            case "open":
                return Kept(on, Session.Open(json, OnLog, OnProgress));
            case "run_task":
                return Kept(on, Session.RunTask(File.ReadAllBytes(file), OnLog, OnProgress));
            case "check":
                return Session.Check(json, file == null ? null : Roster(file));
            case "sync":
                return Sessions[on].Sync(Roster(file), json);
            case "sync_path":
                return Sessions[on].SyncPath(file, json);
            case "request":
                return Sessions[on].Request(json);
            default:
                return Sessions[on].Reply;
        }
    }

    private static Reply Kept(string name, Session session)
    {
        Sessions[name] = session;
        return session.Reply;
    }

    private static IDictionary<string, object> Roster(string file)
    {
        return Map(Json.Parse(File.ReadAllText(file)));
    }

    private static IDictionary<string, object> Map(object value)
    {
        return (IDictionary<string, object>)value;
    }

    private static string Word(IDictionary<string, object> step, string name)
    {
        return step.ContainsKey(name) ? (string)step[name] : null;
    }
}
