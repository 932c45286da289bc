//! Paths that are no routes belong to the web app.

use ethogram_server::{ServeOptions, Ui};

use crate::http::Served;

#[tokio::test]
async fn a_folder_with_an_app_is_served_and_its_own_addresses_give_the_page() {
    let root = tempfile::tempdir().expect("a folder");
    let app = root.path().join("app");
    std::fs::create_dir_all(app.join("assets")).expect("a folder");
    std::fs::write(app.join("index.html"), "<title>app</title>").expect("written");
    std::fs::write(app.join("assets/index-4f2a.js"), "app()").expect("written");
    let ui = Ui::folder(&app).expect("an app");
    let served = Served::start(&[root.path().into()], ServeOptions { ui, ..ServeOptions::default() }).await;

    let script = served.get("/assets/index-4f2a.js").await;
    assert_eq!((script.status, script.text().as_str()), (200, "app()"));
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(script.header("cache-control"), "private, max-age=31536000, immutable");
    for path in ["/", "/index.html", "/runs/x/episodes/3", "/favicon.ico", "/?tab=1"] {
        let page = served.get(path).await;
        assert_eq!((page.status, page.text().as_str()), (200, "<title>app</title>"), "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "private, no-cache", "{path}");
        let again = served.ask("GET", path, &[("If-None-Match", page.header("etag"))], b"").await;
        assert_eq!(again.status, 304, "{path}");
    }
    assert_eq!(served.get("/assets/index-old.js").await.error_code(), "not_found", "never a page as a script");
    let head = served.ask("HEAD", "/", &[], b"").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn without_an_app_people_are_told_how_to_build_it() {
    let root = tempfile::tempdir().expect("a folder");
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let page = served.get("/").await;
    assert_eq!(page.status, 200);
    if !Ui::Embedded.is_built() {
        assert!(page.text().contains("make web"), "{}", page.text());
    }
    assert!(!page.text().contains("<script>"), "the policy allows no inline script: {}", page.text());
}
