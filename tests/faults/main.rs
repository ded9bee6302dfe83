//! Whatever a process or a disk does: kills, power cuts, broken disks, rotten bits. Nothing acknowledged is lost.

mod bit_rot;
mod broken_disks;
#[path = "../common/mod.rs"]
mod common;
mod crash;
mod layer;
mod power_cuts;
