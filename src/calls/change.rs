//! What becomes of a call when a step is done: the same in life and in a dry run.

use jiff::Timestamp;

use super::{Call, CallState, SYSTEM, Why, Wish};

impl Call {
    /// It was started: people may be in it.
    pub fn begin(&mut self, link: &str, platform_call: Option<String>, why: Why, now: Timestamp) {
        // What somebody asked for or published was that person's act, and of that moment (E13).
        if !matches!(why, Why::Asked | Why::Published) {
            self.act(SYSTEM, now);
        }
        self.started_by.clone_from(&self.by);
        self.running = true;
        self.started = Some(now);
        self.join_url = Some(link.to_owned());
        self.platform_call = platform_call;
        self.doubtful = false;
        self.wish = None;
        self.setback = None;
    }

    /// A start was sent, and nobody knows what came of it.
    pub fn doubt(&mut self, now: Timestamp) {
        self.doubtful = true;
        self.wish = None;
        self.setback = None;
        self.act(SYSTEM, now);
    }

    /// Its chat was told of it.
    pub fn announce(&mut self, message: Option<String>, now: Timestamp) {
        self.announced = Some(now);
        self.message = message;
        self.setback = None;
    }

    /// It is over.
    pub fn end(&mut self, why: Why, now: Timestamp) {
        self.deleted |= matches!(self.wish, Some((Wish::Delete, _)));
        if why != Why::Asked {
            self.act(SYSTEM, now);
        } else if self.started.is_none() {
            // Nobody was told of it; and with this it is over for good, not only missed.
            self.closed = Some(now);
        }
        self.running = false;
        self.state = CallState::Finished;
        self.wish = None;
        self.setback = None;
    }

    /// Its chat was told of its end, or need not be.
    pub fn close(&mut self, farewell: Option<String>, now: Timestamp) {
        self.closed = Some(now);
        self.farewell = farewell;
        self.setback = None;
    }
}
