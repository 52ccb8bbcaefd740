//! VKScript, as far as batches need it: from text to steps.
//!
//! Understood are `var`, assignment, `list.push(…)`, `return`, literals, lists, objects, names,
//! `Args.name`, `.field`, `[index]`, `+` and `API.section.method({…})`. Anything else does not
//! compile, so that a script never runs half understood.

use serde_json::{Number, Value};

/// Nested deeper than this is refused.
const DEEPEST: usize = 60;

/// A statement.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Set(String, Expr),
    Push(String, Expr),
    Do(Expr),
    Return(Expr),
}

/// An expression.
#[derive(Debug, PartialEq)]
pub(crate) enum Expr {
    Literal(Value),
    List(Vec<Expr>),
    Object(Vec<(String, Expr)>),
    Name(String),
    Field(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Sum(Box<Expr>, Box<Expr>),
    Api(String, Option<Box<Expr>>),
}

/// Turns a script into its steps; the error is what the compiler says.
pub(crate) fn compile(code: &str) -> Result<Vec<Step>, String> {
    let mut reader = Reader { tokens: tokens(code)?, at: 0, depth: 0 };
    let mut steps = Vec::new();
    while reader.at < reader.tokens.len() {
        reader.statement(&mut steps)?;
    }
    Ok(steps)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(Number),
    Sign(char),
}

/// Cuts a script into words, texts, numbers and signs.
fn tokens(code: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' => text(rest, first)?,
            '0'..='9' => number(rest)?,
            'a'..='z' | 'A'..='Z' | '_' | '$' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$');
                let word = &rest[..end.unwrap_or(rest.len())];
                (Token::Word(word.to_owned()), word.len())
            }
            '{' | '}' | '[' | ']' | '(' | ')' | ',' | ';' | ':' | '.' | '=' | '+' | '-' => {
                (Token::Sign(first), 1)
            }
            other => return Err(format!("unexpected symbol '{other}'")),
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let number = rest[..end].parse().map_err(|_| format!("'{}' is not a number", &rest[..end]))?;
    Ok((Token::Number(number), end))
}

fn text(rest: &str, quote: char) -> Result<(Token, usize), String> {
    let mut text = String::new();
    let mut signs = rest.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => text.push(escaped(&mut signs)?),
            sign if sign == quote => return Ok((Token::Text(text), at + 1)),
            sign => text.push(sign),
        }
    }
    Err("a text without an end".to_owned())
}

/// The sign after a backslash. A sign beyond the basic plane comes as two `\u` escapes.
fn escaped(signs: &mut impl Iterator<Item = (usize, char)>) -> Result<char, String> {
    let wrong = || "an escape that is none".to_owned();
    Ok(match signs.next().ok_or_else(wrong)?.1 {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let first = unit(signs).ok_or_else(wrong)?;
            let mut units = vec![first];
            if (0xD800..0xDC00).contains(&first) {
                let marks = (signs.next().map(|s| s.1), signs.next().map(|s| s.1));
                if marks != (Some('\\'), Some('u')) {
                    return Err(wrong());
                }
                units.push(unit(signs).ok_or_else(wrong)?);
            }
            char::decode_utf16(units).next().and_then(Result::ok).ok_or_else(wrong)?
        }
        other => other,
    })
}

/// Four hexadecimal digits.
fn unit(signs: &mut impl Iterator<Item = (usize, char)>) -> Option<u16> {
    let digits: String = signs.take(4).map(|(_, sign)| sign).collect();
    u16::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn statement(&mut self, steps: &mut Vec<Step>) -> Result<(), String> {
        if self.take(';') {
            return Ok(());
        }
        match self.peek_word() {
            Some("var") => {
                self.at += 1;
                self.variables(steps)?;
            }
            Some("return") => {
                self.at += 1;
                steps.push(Step::Return(self.expression()?));
            }
            _ => {
                let step = self.plain_statement()?;
                steps.push(step);
            }
        }
        // The last statement may do without.
        if self.at < self.tokens.len() { self.expect(';') } else { Ok(()) }
    }

    fn variables(&mut self, steps: &mut Vec<Step>) -> Result<(), String> {
        loop {
            let name = self.word()?;
            let value =
                if self.take('=') { self.expression()? } else { Expr::Literal(Value::Null) };
            steps.push(Step::Set(name, value));
            if !self.take(',') {
                return Ok(());
            }
        }
    }

    /// An assignment, a push, or an expression for its effect.
    fn plain_statement(&mut self) -> Result<Step, String> {
        let start = self.at;
        if let Some(name) = self.peek_word().map(str::to_owned) {
            self.at += 1;
            if self.take('=') {
                return Ok(Step::Set(name, self.expression()?));
            }
            if self.take('.') && self.peek_word() == Some("push") {
                self.at += 1;
                self.expect('(')?;
                let value = self.expression()?;
                self.expect(')')?;
                return Ok(Step::Push(name, value));
            }
            self.at = start;
        }
        Ok(Step::Do(self.expression()?))
    }

    fn expression(&mut self) -> Result<Expr, String> {
        let outside = self.depth;
        self.deeper()?;
        let mut left = self.chain()?;
        while self.take('+') {
            self.deeper()?;
            left = Expr::Sum(Box::new(left), Box::new(self.chain()?));
        }
        self.depth = outside;
        Ok(left)
    }

    /// Counts a level of nesting. Everything that walks an expression recurses, so an expression
    /// from outside must not decide how deep.
    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err("nested too deep".to_owned()) } else { Ok(()) }
    }

    /// A simple expression with the fields and indexes that follow it.
    fn chain(&mut self) -> Result<Expr, String> {
        let outside = self.depth;
        let mut expr = self.simple()?;
        loop {
            if self.take('.') {
                expr = Expr::Field(Box::new(expr), self.word()?);
            } else if self.take('[') {
                expr = Expr::Index(Box::new(expr), Box::new(self.expression()?));
                self.expect(']')?;
            } else {
                self.depth = outside;
                return Ok(expr);
            }
            self.deeper()?;
        }
    }

    fn simple(&mut self) -> Result<Expr, String> {
        match self.next()? {
            Token::Text(text) => Ok(Expr::Literal(Value::String(text))),
            Token::Number(number) => Ok(Expr::Literal(Value::Number(number))),
            Token::Word(word) if word == "API" => self.api_call(),
            Token::Word(word) => Ok(match word.as_str() {
                "true" => Expr::Literal(Value::Bool(true)),
                "false" => Expr::Literal(Value::Bool(false)),
                "null" => Expr::Literal(Value::Null),
                _ => Expr::Name(word),
            }),
            Token::Sign('-') => self.negative(),
            Token::Sign('[') => Ok(Expr::List(self.list(']', Reader::expression)?)),
            Token::Sign('{') => Ok(Expr::Object(self.list('}', Reader::pair)?)),
            Token::Sign('(') => {
                let inside = self.expression()?;
                self.expect(')')?;
                Ok(inside)
            }
            Token::Sign(sign) => Err(format!("unexpected symbol '{sign}'")),
        }
    }

    fn negative(&mut self) -> Result<Expr, String> {
        let Token::Number(number) = self.next()? else {
            return Err("a number is expected after '-'".to_owned());
        };
        let negative = format!("-{number}").parse().map_err(|_| "not a number".to_owned())?;
        Ok(Expr::Literal(Value::Number(negative)))
    }

    fn api_call(&mut self) -> Result<Expr, String> {
        let mut name = Vec::new();
        while self.take('.') {
            name.push(self.word()?);
        }
        self.expect('(')?;
        if self.take(')') {
            return Ok(Expr::Api(name.join("."), None));
        }
        let params = self.expression()?;
        self.expect(')')?;
        Ok(Expr::Api(name.join("."), Some(Box::new(params))))
    }

    fn pair(&mut self) -> Result<(String, Expr), String> {
        let key = match self.next()? {
            Token::Word(key) | Token::Text(key) => key,
            Token::Number(key) => key.to_string(),
            Token::Sign(sign) => return Err(format!("unexpected symbol '{sign}'")),
        };
        self.expect(':')?;
        Ok((key, self.expression()?))
    }

    /// Items parted by commas, up to the closing sign; a comma before it does no harm.
    fn list<T>(
        &mut self,
        end: char,
        item: fn(&mut Reader) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        while !self.take(end) {
            items.push(item(self)?);
            if !self.take(',') {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn peek_word(&self) -> Option<&str> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => Err(format!("a name is expected, not {other:?}")),
        }
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned().ok_or("unexpected end of the code")?;
        self.at += 1;
        Ok(token)
    }

    fn take(&mut self, sign: char) -> bool {
        let is = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { Err(format!("'{sign}' is expected")) }
    }
}
