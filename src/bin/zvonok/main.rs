//! zvonok
fn main(){}
