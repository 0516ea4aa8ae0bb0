from modpkg.model.fault import Fault, Faults


def test_a_fault_counts_once_and_faults_are_sorted_by_file() -> None:
    faults = Faults()
    for file in ("b", "a", "b"):
        faults.add(file, "it is missing")
    assert sorted(faults.found) == [
        Fault(file="a", reason="it is missing"),
        Fault(file="b", reason="it is missing"),
    ]
