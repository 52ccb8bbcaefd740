//! VK Messenger.
use super::*;
pub(crate) struct Vk;
impl Vk {
    pub(crate) fn new(_a: Access) -> crate::error::Result<Vk> {
        Ok(Vk)
    }
}
impl Platform for Vk {
    fn kind(&self) -> Kind {
        Kind::Vk
    }
    fn connect(&self, _: &Stop) -> Result<Connection, Failure> {
        unreachable!()
    }
    fn probe(&self, _: Capability, _: &Stop) -> Result<bool, Failure> {
        unreachable!()
    }
    fn batch(&self, _: &Call) -> usize {
        1
    }
    fn perform(&self, _: &[Call], _: &Stop) -> Vec<Result<Answer, Failure>> {
        unreachable!()
    }
    fn counters(&self) -> Counters {
        Counters::default()
    }
}
