//! zvonok
fn main() {}
