//! A real gateway on free ports, agencies that call it, servers that it pushes to, and books that are closed at
//! the end of every test.

pub mod actor;
pub mod bars;
pub mod books;
pub mod described;
pub mod gateway;
pub mod logs;
pub mod people;
pub mod pki;
pub mod receiver;

pub use actor::{Ask, Caller, Reply, Stranger};
pub use gateway::Gateway;
pub use people::{Assessment, CMHT, COURT, CUSTODY, HOUSING, LD, PROBATION, Person, RECIPIENTS};
pub use receiver::Behaviour;
