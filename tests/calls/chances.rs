//! What may happen on a walk through days of lessons, by chance.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::model::{Lesson, MINUTE, Mark, Moment, Order, PERIODS, Row, School};

/// Which answer is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lost {
    Start,
    Word,
    Pin,
    End,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit {
    Mark(Mark),
    Online(bool),
    Move(i64, usize),
    Row(Row),
    PassedOn(bool),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Gap {
    Minutes(Moment),
    /// Until the last report wants another cycle.
    Due,
    /// Until a moment that matters to the step's lesson; and whether it is published just then.
    Lesson(usize, bool),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// A cycle; and whether another one follows at the same moment.
    Cycle(bool),
    Edit(Edit),
    Ask(Order),
    Join,
    Reopen,
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The lesson that it is about.
    pub(crate) lesson: usize,
    pub(crate) gap: Gap,
    pub(crate) deed: Deed,
    /// Whether the request was carried out though its answer is lost.
    pub(crate) lost: Option<(Lost, bool)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) school: School,
    /// Which lessons say their times themselves.
    pub(crate) timed: Vec<bool>,
    pub(crate) steps: Vec<Step>,
}

fn marks() -> impl Strategy<Value = Mark> {
    prop_oneof![
        4 => Just(Mark::Draft),
        5 => Just(Mark::Published),
        1 => Just(Mark::Conducted),
    ]
}

fn lessons() -> impl Strategy<Value = Vec<(Lesson, bool)>> {
    let one =
        (0..2usize, 0..3i64, 0..PERIODS.len(), prop::bool::weighted(0.9), marks(), any::<bool>());
    let one = one.prop_map(|(journal, day, period, online, mark, timed)| {
        (Lesson { journal, day, period, online, mark, row: Row::There }, timed)
    });
    prop::collection::vec(one, 1..9).prop_map(|rows| {
        let mut seen = BTreeMap::new();
        for (row, timed) in rows {
            seen.entry((row.journal, row.day, row.period)).or_insert((row, timed));
        }
        seen.into_values().collect()
    })
}

fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => marks().prop_map(Edit::Mark),
        1 => any::<bool>().prop_map(Edit::Online),
        3 => (0..4i64, 0..PERIODS.len()).prop_map(|(day, period)| Edit::Move(day, period)),
        3 => prop::sample::select(vec![Row::There, Row::Cancelled, Row::Gone]).prop_map(Edit::Row),
        1 => prop::bool::weighted(0.7).prop_map(Edit::PassedOn),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let minutes = vec![0, 1, 5, 19, 20, 21, 30, 45, 65, 180, 600, 1440];
    let gap = prop_oneof![
        4 => prop::sample::select(minutes).prop_map(Gap::Minutes),
        3 => Just(Gap::Due),
        6 => (0..7usize, prop::bool::weighted(0.3))
            .prop_map(|(which, published)| Gap::Lesson(which, published)),
    ];
    let order = prop::sample::select(vec![
        Order::Start,
        Order::Start,
        Order::Finish,
        Order::Delete,
        Order::Create,
        Order::Publish,
    ]);
    let deed = prop_oneof![
        10 => prop::bool::weighted(0.3).prop_map(Deed::Cycle),
        4 => edits().prop_map(Deed::Edit),
        5 => order.prop_map(Deed::Ask),
        1 => Just(Deed::Join),
        1 => Just(Deed::Reopen),
    ];
    let lost =
        prop::sample::select(vec![Lost::Start, Lost::Word, Lost::Word, Lost::Pin, Lost::End]);
    let lost = prop::option::weighted(0.5, (lost, any::<bool>()));
    let step = (0..8usize, gap, deed, lost).prop_map(|(lesson, gap, deed, lost)| Step {
        lesson,
        gap,
        deed,
        lost,
    });
    prop::collection::vec(step, 8..32)
}

/// In some of the walks nothing is lost.
pub(crate) fn plans() -> impl Strategy<Value = Plan> {
    let passed_on = (prop::bool::weighted(0.9), prop::bool::weighted(0.9));
    let length = prop::sample::select(vec![45 * MINUTE, 90 * MINUTE]);
    (lessons(), length, passed_on, steps(), prop::bool::weighted(0.6)).prop_map(
        |(lessons, length, passed_on, mut steps, troubled)| {
            let (lessons, timed) = lessons.into_iter().unzip();
            let school = School { lessons, passed_on: passed_on.into(), length };
            steps.iter_mut().filter(|_| !troubled).for_each(|step| step.lost = None);
            Plan { school, timed, steps }
        },
    )
}
