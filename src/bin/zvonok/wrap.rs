//! Lines broken between words, so that a terminal does not break them within one.

/// A text whose lines are at most this wide where their words allow it. What follows a break stands
/// two columns further in than the line began. Tables, which fit already, stay as they are.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| line_of(line, width)).collect();
    lines.join("\n")
}

fn line_of(line: &str, width: usize) -> String {
    if seen(line) <= width || line.starts_with(['│', '┌', '╞', '└']) {
        return line.to_owned();
    }
    let begins = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(begins + 2);
    let (mut text, mut column) = (String::new(), 0);
    for (at, word) in line[begins..].split(' ').enumerate() {
        let wide = seen(word);
        if at == 0 {
            text.push_str(&line[..begins]);
            column = begins;
        } else if column + 1 + wide > width && column > indent.len() {
            text.push('\n');
            text.push_str(&indent);
            column = indent.len();
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += wide;
    }
    text
}

/// How many columns a text takes, colours not counted.
fn seen(text: &str) -> usize {
    let mut columns = 0;
    let mut colour = false;
    for letter in text.chars() {
        match letter {
            '\u{1b}' => colour = true,
            'm' if colour => colour = false,
            _ if colour => {}
            _ => columns += 1,
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_break_between_words_and_go_on_further_in() {
        assert_eq!(wrapped("  • один два три", 12), "  • один два\n    три");
        assert_eq!(wrapped("short\n  one two", 7), "short\n  one\n    two");
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole_and_colours_take_no_room() {
        assert_eq!(wrapped("see https://vk.me/join/abc=", 10), "see\n  https://vk.me/join/abc=");
        assert_eq!(wrapped("\u{1b}[1mone\u{1b}[0m two", 7), "\u{1b}[1mone\u{1b}[0m two");
        assert_eq!(wrapped("│ a table's row │", 5), "│ a table's row │");
    }
}
