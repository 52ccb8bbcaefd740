//! zvonok
