using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Zvonok
{
    /// <summary>
    /// JSON as the language's own values: Dictionary&lt;string, object&gt;, List&lt;object&gt;, string, long,
    /// decimal or double, bool, null. For hosts that have no JSON library; one that has hands over and
    /// takes texts.
    /// </summary>
    public static class Json
    {
        /// <summary>Reads a document; a FormatException tells where it is none.</summary>
        public static object Parse(string text)
        {
            return new Reader(text).Document();
        }

        /// <summary>Writes dictionaries, sequences, texts, numbers, truths and null.</summary>
        public static string Write(object value)
        {
            StringBuilder to = new StringBuilder();
            Write(value, to);
            return to.ToString();
        }

        internal static IDictionary<string, object> Object(object value)
        {
            return value as IDictionary<string, object> ?? new Dictionary<string, object>();
        }

        internal static object Field(IDictionary<string, object> fields, string name)
        {
            object found;
            return fields.TryGetValue(name, out found) ? found : null;
        }

        private static void Write(object value, StringBuilder to)
        {
            if (value == null)
            {
                to.Append("null");
            }
            else if (value is string)
            {
                Quote((string)value, to);
            }
            else if (value is bool)
            {
                to.Append((bool)value ? "true" : "false");
            }
            else if (value is double || value is float)
            {
                to.Append(((IFormattable)value).ToString("R", CultureInfo.InvariantCulture));
            }
            else if (value is IDictionary)
            {
                Fields((IDictionary)value, to);
            }
            else if (value is IEnumerable)
            {
                Items((IEnumerable)value, to);
            }
            else if (value is IConvertible && !(value is DateTime))
            {
                to.Append(Convert.ToString(value, CultureInfo.InvariantCulture));
            }
            else
            {
                throw new ArgumentException(value.GetType() + " has no form in JSON");
            }
        }

        private static void Fields(IDictionary fields, StringBuilder to)
        {
            string before = "{";
            foreach (DictionaryEntry field in fields)
            {
                to.Append(before);
                Quote((string)field.Key, to);
                to.Append(':');
                Write(field.Value, to);
                before = ",";
            }
            to.Append(before == "{" ? "{}" : "}");
        }

        private static void Items(IEnumerable items, StringBuilder to)
        {
            string before = "[";
            foreach (object item in items)
            {
                to.Append(before);
                Write(item, to);
                before = ",";
            }
            to.Append(before == "[" ? "[]" : "]");
        }

        private static void Quote(string text, StringBuilder to)
        {
            to.Append('"');
            foreach (char c in text)
            {
                if (c == '"' || c == '\\')
                {
                    to.Append('\\').Append(c);
                }
                else if (c < ' ')
                {
                    to.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                }
                else
                {
                    to.Append(c);
                }
            }
            to.Append('"');
        }

        private sealed class Reader
        {
            private const int Deepest = 128;

            private readonly string text;
            private int at;

            internal Reader(string text)
            {
                this.text = text;
            }

            internal object Document()
            {
                object found = Value(0);
                Space();
                if (at < text.Length)
                {
                    throw Expected("nothing more");
                }
                return found;
            }

            private FormatException Expected(string what)
            {
                return new FormatException("JSON, character " + at + ": expected " + what);
            }

            private char Peek()
            {
                return at < text.Length ? text[at] : '\0';
            }

            private void Space()
            {
                while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0)
                {
                    at++;
                }
            }

            private bool Take(string word)
            {
                Space();
                bool found = string.CompareOrdinal(text, at, word, 0, word.Length) == 0;
                at += found ? word.Length : 0;
                return found;
            }

            private object Value(int depth)
            {
                if (depth > Deepest)
                {
                    throw Expected("less depth");
                }
                if (Take("{"))
                {
                    return FieldsOf(depth);
                }
                if (Take("["))
                {
                    return ItemsOf(depth);
                }
                if (Take("null"))
                {
                    return null;
                }
                if (Take("true"))
                {
                    return true;
                }
                if (Take("false"))
                {
                    return false;
                }
                return Peek() == '"' ? Text() : Number();
            }

            private object FieldsOf(int depth)
            {
                Dictionary<string, object> found = new Dictionary<string, object>();
                if (Take("}"))
                {
                    return found;
                }
                do
                {
                    Space();
                    string name = Text();
                    if (!Take(":"))
                    {
                        throw Expected("a colon");
                    }
                    found[name] = Value(depth + 1);
                }
                while (Take(","));
                if (!Take("}"))
                {
                    throw Expected("a comma or a brace");
                }
                return found;
            }

            private object ItemsOf(int depth)
            {
                List<object> found = new List<object>();
                if (Take("]"))
                {
                    return found;
                }
                do
                {
                    found.Add(Value(depth + 1));
                }
                while (Take(","));
                if (!Take("]"))
                {
                    throw Expected("a comma or a bracket");
                }
                return found;
            }

            private object Number()
            {
                int start = at;
                while (at < text.Length && "+-.0123456789Ee".IndexOf(text[at]) >= 0)
                {
                    at++;
                }
                string digits = text.Substring(start, at - start);
                CultureInfo plain = CultureInfo.InvariantCulture;
                long whole;
                decimal exact;
                double large;
                if (long.TryParse(digits, NumberStyles.AllowLeadingSign, plain, out whole))
                {
                    return whole;
                }
                if (decimal.TryParse(digits, NumberStyles.Float, plain, out exact))
                {
                    return exact;
                }
                if (double.TryParse(digits, NumberStyles.Float, plain, out large))
                {
                    return large;
                }
                at = start;
                throw Expected("a value");
            }

            private string Text()
            {
                if (!Take("\""))
                {
                    throw Expected("a text");
                }
                StringBuilder found = new StringBuilder();
                while (Peek() != '"')
                {
                    if (at >= text.Length)
                    {
                        throw Expected("the end of a text");
                    }
                    char c = text[at++];
                    found.Append(c == '\\' ? Escaped() : c);
                }
                at++;
                return found.ToString();
            }

            private char Escaped()
            {
                char name = Peek();
                at++;
                if (name == 'u')
                {
                    ushort unit;
                    string digits = text.Substring(at, Math.Min(4, text.Length - at));
                    if (!ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit))
                    {
                        throw Expected("four hexadecimal digits");
                    }
                    at += 4;
                    return (char)unit;
                }
                int place = "\"\\/bfnrt".IndexOf(name);
                if (place < 0)
                {
                    throw Expected("an escape");
                }
                return "\"\\/\b\f\n\r\t"[place];
            }
        }
    }
}
