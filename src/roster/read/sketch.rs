//! What the columns of a roster may hold, as the readers of its tables ask for them: the JSON Schema
//! of rosters is made from it.

/// One column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// `title`, or `metadata.homeroom` where a value of `metadata` is looked into.
    pub(crate) name: String,
    pub(crate) holds: Holds,
}

/// What a column may hold beside null, which is as good as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A text that must be there.
    Required,
    /// A day that must be there.
    RequiredDate,
    /// A text.
    Text,
    /// A text or a number.
    TextOrNumber,
    /// True or false, also as a text.
    Truth,
    /// A day.
    Date,
    /// A time of the day.
    Time,
    /// A list of texts, or one text with commas.
    Ids,
    /// A list of texts and numbers, or one text with commas.
    Words,
    /// What hosts know beyond OneRoster.
    Metadata,
    /// `userIds`.
    Accounts,
    /// `periods` of a timetable.
    Periods,
}

impl Holds {
    /// Whether a row is refused without it.
    pub(crate) fn is_required(self) -> bool {
        matches!(self, Holds::Required | Holds::RequiredDate)
    }
}
