//! The binary as its users meet it on a terminal: what it prints, and its exit codes.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use sim_operator::api::crds;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim-operator"));
    for proxy in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(proxy);
    }
    command.env_remove("KUBERNETES_SERVICE_HOST").env("KUBECONFIG", "/nowhere/kubeconfig").args(arguments);
    command
}

/// Standard output, standard error and the exit code.
fn said(output: Output) -> (String, String, Option<i32>) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

fn run(arguments: &[&str]) -> (String, String, Option<i32>) {
    said(command(arguments).output().unwrap())
}

/// The one line in which `sim-operator run` complains with this kubeconfig, before it ends with 1.
fn complaint(kubeconfig: &Path) -> String {
    let (out, err, code) = said(command(&["run"]).env("KUBECONFIG", kubeconfig).output().unwrap());
    assert_eq!((out.as_str(), code, err.lines().count()), ("", Some(1), 1), "{err}");
    err
}

fn kubeconfig_of(server: &str, folder: &Path) -> std::path::PathBuf {
    let path = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{{name: x, cluster: {{server: '{server}'}}}}]\n\
         users: [{{name: x, user: {{token: not-a-real-token}}}}]\n\
         contexts: [{{name: x, context: {{cluster: x, user: x}}}}]\n"
    );
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn help_shows_flags_defaults_variables_and_examples() {
    let (out, err, code) = run(&["--help"]);
    assert_eq!((err.as_str(), code), ("", Some(0)));
    for words in ["Examples:", "sim-operator crds | kubectl apply", "run", "crds"] {
        assert!(out.contains(words), "{words} is not in\n{out}");
    }
    let (out, _, code) = run(&["run", "--help"]);
    assert_eq!(code, Some(0));
    for words in
        ["--default-tenant <NAMESPACE/NAME>", "SIM_OPERATOR_SETTLE", "[default: 5m]", "[default: 0.0.0.0:8080]"]
    {
        assert!(out.contains(words), "{words} is not in\n{out}");
    }
}

#[test]
fn every_flag_of_run_has_its_variable() {
    let (out, _, _) = run(&["run", "--help"]);
    let flags: Vec<_> = out
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|flag| flag.chars().all(|c| c.is_ascii_lowercase() || c == '-') && *flag != "help" && !flag.is_empty())
        .collect();
    assert!(flags.len() >= 17, "{flags:?}");
    for flag in flags {
        let variable = format!("[env: SIM_OPERATOR_{}=", flag.to_uppercase().replace('-', "_"));
        assert!(out.contains(&variable), "{variable} is not in\n{out}");
    }
}

#[test]
fn it_knows_its_version() {
    let expected = concat!("sim-operator ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(run(&["--version"]), (expected.to_owned(), String::new(), Some(0)));
}

#[test]
fn crds_are_printed_as_one_stream_of_yaml() {
    let (out, err, code) = run(&["crds"]);
    assert_eq!((err.as_str(), code), ("", Some(0)));
    let files: Vec<_> = crds::files().unwrap().into_iter().map(|file| file.yaml).collect();
    assert_eq!(out.split("---\n").collect::<Vec<_>>(), files);
}

#[test]
fn crds_are_written_one_file_each() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new/folder");
    assert_eq!(run(&["crds", "--dir", new.to_str().unwrap()]), (String::new(), String::new(), Some(0)));
    for file in crds::files().unwrap() {
        assert_eq!(fs::read_to_string(new.join(&file.name)).unwrap(), file.yaml);
    }

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (_, err, code) = run(&["crds", "--dir", file.to_str().unwrap()]);
    assert!(code == Some(1) && err.starts_with("sim-operator: ") && err.contains("cannot be made"), "{err}");
}

#[test]
fn flags_that_mean_nothing_end_with_2_and_say_why() {
    for (arguments, words) in [
        (["run", "--settle=soon"].as_slice(), "sim-operator: --settle: \"soon\" is no duration above 0: write 90s"),
        (&["run", "--default-tenant=acme"], "sim-operator: --default-tenant: \"acme\" names no tenant"),
        (&["run", "--allowed-hosts=https://x.example"], "sim-operator: --allowed-hosts: "),
        (&["run", "--concurrency=0"], "0 is not in 1..=1024"),
        (&["run", "--listen=8080"], "--listen <ADDRESS:PORT>"),
        (&["run", "--log-format=xml"], "possible values: text, json"),
        (&["run", "--setle=5m"], "--settle"),
        (&["rum"], "unrecognized subcommand"),
        (&[], "Usage: sim-operator"),
    ] {
        let (out, err, code) = run(arguments);
        assert_eq!((out.as_str(), code), ("", Some(2)), "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
}

#[test]
fn variables_stand_for_flags_and_flags_win() {
    let with = |arguments: &[&str]| said(command(arguments).env("SIM_OPERATOR_SETTLE", "soon").output().unwrap());
    let (_, err, code) = with(&["run"]);
    assert!(code == Some(2) && err.starts_with("sim-operator: --settle: "), "{err}");
    let (_, err, code) = with(&["run", "--settle=5m"]);
    assert!(code == Some(1) && !err.contains("--settle"), "{err}");
}

#[test]
fn without_a_kubeconfig_it_says_which_file_is_missing() {
    let err = complaint(Path::new("/nowhere/kubeconfig"));
    assert!(err.starts_with("sim-operator: no Kubernetes cluster is configured: /nowhere/kubeconfig cannot be read"));
    assert!(err.contains("set KUBECONFIG"), "{err}");
}

#[test]
fn a_kubeconfig_that_is_none_is_named_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    fs::write(&path, "clusters: [").unwrap();
    assert!(complaint(&path).contains("correct the kubeconfig"));
    fs::write(&path, "").unwrap();
    assert!(complaint(&path).contains("no Kubernetes cluster is configured"));
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // The port was free a moment ago, and nothing listens there now.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("https://{address}");
    let err = complaint(&kubeconfig_of(&server, folder.path()));
    assert!(err.starts_with(&format!("sim-operator: Kubernetes at {server} cannot be reached: Connection refused")));
    assert!(err.contains("check that it runs") && !err.contains("not-a-real-token"), "{err}");
}

#[test]
fn in_a_pod_without_a_token_it_says_what_to_mount() {
    let mut command = command(&["run"]);
    let (_, err, code) =
        said(command.env_remove("KUBECONFIG").env("KUBERNETES_SERVICE_HOST", "10.0.0.1").output().unwrap());
    assert!(code == Some(1) && err.contains("service account token is mounted"), "{err}");
}
