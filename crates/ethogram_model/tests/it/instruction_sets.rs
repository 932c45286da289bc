//! What is compared with references, by every instruction set that the machine may have.

use std::process::Command;

/// Says which instructions are used; a name that the machine does not have picks its best.
const PICKED: &str = "ETHOGRAM_ISA";

/// A process keeps to one instruction set, so each has a process of its own.
#[test]
fn references_hold_by_every_instruction_set() {
    if std::env::var_os(PICKED).is_some() {
        return;
    }
    for isa in ["avx512", "avx2", "portable"] {
        let mut tests = Command::new(std::env::current_exe().unwrap());
        tests.args(["goldens::", "nodes::", "reference_attributions::", "perturbation::", "--test-threads=1"]);
        let found = tests.env(PICKED, isa).output().unwrap();
        assert!(found.status.success(), "{isa}: {}", String::from_utf8_lossy(&found.stdout));
    }
}
