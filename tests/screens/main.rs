//! The hosts' screens: registries, chats made by hand, changes to chats, by the people who may.
//! Everything is asked through a session, and looked at where it matters: in the messenger.
#![cfg(feature = "cli")]

mod accounts;
mod ais_poo;
mod audit;
#[path = "../support/college.rs"]
mod college;
mod crash;
mod epos_spo;
mod filters;
mod kinds;
mod leaving;
mod max;
mod mend_exports;
mod mend_leavers;
mod model;
#[path = "../support/office.rs"]
mod office;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "../support/oracle.rs"]
mod oracle;
mod policies;
#[path = "../support/rig.rs"]
mod rig;
#[path = "../support/school_day.rs"]
mod school_day;
mod schools;
mod screen;
#[path = "../support/mod.rs"]
mod support;
mod taken;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "../support/tiny.rs"]
mod tiny;
