//! Power cuts of a ledger that signs checkpoints: what was given out is in the file beside the key, whole, whatever a disk may hold.

use super::{cuts, seed};
use crate::common::directories::random;
use crate::common::program::process;
use crate::common::server::{ANY_PORT, Server, serving};
use crate::layer::disk::Disk;
use crate::layer::image::{self, Arrival};
use crate::layer::served::{append, partners};
use crate::layer::trace::Trace;
use crate::layer::{Layer, room};
use partnership_ledger::proofs::{Checkpoint, Note, VerifierKey};
use partnership_ledger::proto::GetCheckpointRequest;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use rand::RngExt as _;
use std::fs;
use std::process::Stdio;

/// Checkpoints that are asked for; there is one a second.
const CHECKPOINTS: u64 = 6;

/// A checkpoint that was given out, and how long the trace was when it was here.
struct Given {
    length: u64,
    checkpoint: Checkpoint,
}

/// Serves a ledger under the layer, which signs with a new key.
fn serve(layer: &Layer) -> (Server, VerifierKey) {
    let key = layer.root().join("key");
    let mut making = process();
    making.args(["checkpoint-key", "new", "--origin", "ledger.example"]).arg(&key).stderr(Stdio::null());
    layer.record(&mut making);
    let made = making.output().expect("it runs");
    let verifier = VerifierKey::parse(String::from_utf8(made.stdout).expect("text").trim_end()).expect("a key");
    let mut command = serving(&layer.data(), ANY_PORT);
    command.arg("--checkpoint-key").arg(&key);
    layer.record(&mut command);
    (Server::start(&mut command).expect("it starts"), verifier)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_forgets_no_checkpoint_that_was_given_out() {
    let layer = Layer::new();
    let (mut server, verifier) = serve(&layer);
    let mut given = Vec::new();
    for number in 0..CHECKPOINTS {
        let last = append(server.connect().await, partners(number, 1 + number)).await.expect("recorded").position;
        let request = GetCheckpointRequest { min_position: last };
        let answer = AuditServiceClient::new(server.connect().await).get_checkpoint(request).await.expect("a checkpoint").into_inner();
        let length = fs::metadata(layer.trace()).expect("the trace").len();
        let checkpoint = Checkpoint::parse(&Note::parse(&answer.checkpoint).expect("a note").text).expect("a checkpoint");
        given.push(Given { length, checkpoint });
    }
    tokio::task::spawn_blocking(move || server.terminate()).await.expect("it ends");
    let trace = Trace::read(&layer.trace());
    // The key was made by a process of its own, which had ended.
    let made = trace.last_begin();
    let mut choices = random(seed());
    let mut moments: Vec<usize> = (0..cuts() / 4).map(|_| choices.random_range(made..trace.operations.len())).collect();
    let is_near = |operation: &crate::layer::trace::Operation| format!("{operation:?}").contains("key.signed");
    moments.extend((made..trace.operations.len()).filter(|&moment| is_near(&trace.operations[moment])));
    moments.sort_unstable();
    let (mut disk, mut done, mut checked) = (Disk::honest(), 0, 0);
    for moment in moments {
        while done <= moment {
            disk.apply(&trace.operations[done]);
            done += 1;
        }
        let dir = room();
        image::write(&disk, Arrival::any(&mut choices), &mut choices, dir.path());
        let text = fs::read_to_string(dir.path().join("key.signed")).expect("it is there");
        let note = Note::parse(&text).unwrap_or_else(|error| panic!("after operation {moment}: {error}: {text:?}"));
        verifier.check(&note).expect("it is signed");
        let kept = Checkpoint::parse(&note.text).expect("a checkpoint");
        let before = given.iter().rfind(|given| given.length <= trace.lengths[moment]).map_or(0, |given| given.checkpoint.head.size);
        assert!(kept.head.size >= before, "after operation {moment}: {before} records were signed, and {} are kept", kept.head.size);
        let same = given.iter().find(|given| given.checkpoint.head.size == kept.head.size);
        assert!(same.is_none_or(|given| given.checkpoint == kept), "another checkpoint of the same size");
        checked += usize::from(before > 0);
    }
    assert!(checked > 20, "{checked} cuts came after a checkpoint");
}
