use super::*;

#[test]
fn compiles() {
    Rules::compile().unwrap();
}
