use super::served;

#[tokio::test]
async fn every_derivation_of_the_registry_is_listed_with_its_formula() {
    let (_root, served) = served().await;
    let listed = served.json("/api/derivations").await;
    let listed = listed.as_array().expect("a list");
    let names: Vec<_> = listed.iter().map(|entry| entry["name"].as_str().expect("a name")).collect();
    let registry: Vec<_> = ethogram_query::DERIVATIONS.iter().map(|derivation| derivation.name()).collect();
    assert_eq!(names, registry);
    for entry in listed {
        let keys: Vec<_> = entry.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["name", "axis", "formula", "doc", "source", "inputs", "params"]);
        assert!(!entry["formula"].as_str().expect("a formula").is_empty(), "{entry}");
        assert!(!entry["inputs"].as_array().expect("inputs").is_empty(), "{entry}");
        for param in entry["params"].as_array().expect("parameters") {
            assert!(param["default"].is_number() || param["default"].is_string(), "{param}");
        }
    }
}
