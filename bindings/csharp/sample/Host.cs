using System;
using System.Collections.Generic;
using System.Text;
using Zvonok;

/// <summary>
/// A host in C#: one cycle, then what its screens would show.
/// <code>Host.exe LIBRARY ROSTER KIND ADDRESS TOKEN [COMMUNITY]</code>
/// </summary>
internal static class Host
{
    private static void Main(string[] arguments)
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        Library.Load(arguments[0]);
        Console.WriteLine(Library.Version);
        string roster = arguments[1];
        var platform = new Dictionary<string, object>
        {
            { "kind", arguments[2] }, { "base_url", arguments[3] }, { "token", arguments[4] },
        };
        if (arguments.Length > 5)
        {
            platform["community"] = arguments[5];
        }
        var config = new Dictionary<string, object>
        {
            { "state", roster + ".db" }, { "profile", "paragraf" }, { "platform", platform },
        };
        using (Session session = Session.Open(config, OnLog, OnProgress))
        {
            IDictionary<string, object> report = session.SyncPath(roster).Document;
            List<object> chats = List(report["chats"]), tasks = List(report["tasks"]);
            Console.WriteLine("{0}: {1} chats, {2} tasks", report["status"], chats.Count, tasks.Count);
            Registry(session);
            ToDo(session);
            OneChat(session, Map(chats[0])["key"]);
            Refusals(session, config);
        }
    }

    private static void OnLog(LogLevel level, string text)
    {
        if (level <= LogLevel.Warning)
        {
            Console.WriteLine("log: " + text);
        }
    }

    /// <summary>A host with a window moves its progress bar here; true would cancel.</summary>
    private static bool OnProgress(Phase phase, uint done, uint total)
    {
        return false;
    }

    private static IDictionary<string, object> Ask(Session session, string method, Dictionary<string, object> parameters)
    {
        var request = new Dictionary<string, object>
        {
            { "method", method }, { "actor", "system" }, { "params", parameters },
        };
        return Map(session.Request(request).Document["result"]);
    }

    private static void Registry(Session session)
    {
        Console.WriteLine("\nChats");
        var all = new Dictionary<string, object> { { "per_page", 100 }, { "sort", "title" } };
        foreach (object each in List(Ask(session, "chats.list", all)["chats"]))
        {
            IDictionary<string, object> chat = Map(each), members = Map(chat["members"]);
            Console.WriteLine(
                "  {0}: {1}, {2} of {3} linked, {4}",
                chat["title"], chat["state"], members["linked"], members["desired"], chat["link"] ?? "no link yet");
        }
    }

    private static void ToDo(Session session)
    {
        Console.WriteLine("\nFor people to do");
        var two = new Dictionary<string, object> { { "per_page", 2 } };
        foreach (object each in List(Ask(session, "tasks.list", two)["tasks"]))
        {
            IDictionary<string, object> task = Map(each);
            Console.WriteLine("  {0} {1}", task["title"], task["code"]);
            int number = 0;
            foreach (object step in List(Map(task["steps"])["ru"]))
            {
                number++;
                Console.WriteLine("    {0}. {1}", number, step);
            }
        }
    }

    private static void OneChat(Session session, object key)
    {
        IDictionary<string, object> chat = Ask(session, "chats.get", new Dictionary<string, object> { { "chat", key } });
        Console.WriteLine("\n" + chat["title"]);
        foreach (object each in List(chat["members"]))
        {
            IDictionary<string, object> member = Map(each);
            Console.WriteLine("  {0} {1}: {2}", member["person"], member["role"], member["state"]);
        }
    }

    private static void Refusals(Session session, Dictionary<string, object> config)
    {
        Console.WriteLine("\nWhat is refused");
        try
        {
            Ask(session, "chats.get", new Dictionary<string, object> { { "chat", "class:none" } });
        }
        catch (ZvonokException error)
        {
            Console.WriteLine("  {0}: {1}", error.Name, error.Ru);
        }
        config["grase"] = "1d";
        try
        {
            Session.Open(config).Dispose();
        }
        catch (ZvonokException error)
        {
            Console.WriteLine("  {0}:", error.Name);
            foreach (object each in error.Faults)
            {
                Console.WriteLine("    {0}: {1}", Map(each)["at"], Map(Map(each)["message"])["ru"]);
            }
        }
    }

    private static IDictionary<string, object> Map(object value)
    {
        return (IDictionary<string, object>)value;
    }

    private static List<object> List(object value)
    {
        return (List<object>)value;
    }
}
