using System;
using System.Collections.Generic;

namespace Zvonok
{
    /// <summary>What a call came to and the document that it left.</summary>
    public sealed class Reply
    {
        internal Reply(int code, string text)
        {
            Code = code;
            Text = text;
        }

        /// <summary>A number of <see cref="Zvonok.Code"/>.</summary>
        public int Code { get; private set; }

        /// <summary>The document as JSON.</summary>
        public string Text { get; private set; }

        /// <summary>The document as dictionaries, lists, texts, numbers.</summary>
        public IDictionary<string, object> Document
        {
            get { return Json.Object(Json.Parse(Text)); }
        }
    }

    /// <summary>A call failed.</summary>
    public sealed class ZvonokException : Exception
    {
        internal ZvonokException(int code, string text)
            : this(code, Json.Object(Json.Parse(text)))
        {
        }

        private ZvonokException(int code, IDictionary<string, object> document)
            : base(Sentence(code, document))
        {
            Code = code;
            Document = document;
        }

        /// <summary>A number of <see cref="Zvonok.Code"/>.</summary>
        public int Code { get; private set; }

        /// <summary>The whole document.</summary>
        public IDictionary<string, object> Document { get; private set; }

        /// <summary>The code's name: ROSTER.</summary>
        public string Name
        {
            get { return Json.Field(Document, "name") as string; }
        }

        /// <summary>What is wrong, in Russian.</summary>
        public string Ru
        {
            get { return In(Document, "ru"); }
        }

        /// <summary>What is wrong, in English.</summary>
        public string En
        {
            get { return In(Document, "en"); }
        }

        /// <summary>What is wrong where: dictionaries with code, at, value, message.</summary>
        public IList<object> Faults
        {
            get { return Json.Field(Document, "faults") as IList<object> ?? new List<object>(); }
        }

        /// <summary>Whether the same call may succeed later.</summary>
        public bool Retryable
        {
            get { return true.Equals(Json.Field(Document, "retryable")); }
        }

        private static string In(IDictionary<string, object> document, string language)
        {
            return Json.Field(Json.Object(Json.Field(document, "message")), language) as string ?? "";
        }

        private static string Sentence(int code, IDictionary<string, object> document)
        {
            return Json.Field(document, "name") + " (" + code + "): " + In(document, "en");
        }
    }
}
