//! edgefleet's stand-in for upstream's containerd-shim-wasmtime, for tests alone.
//!
//! Upstream's shim is no crate, but the library that it is built on is: runwasi's `containerd-shim-wasm`, which does
//! all that containerd sees. Ours is what runs a module: wasmtime with WASI preview 1, the whole root as its folder.
//! Upstream's also runs components and serves HTTP for them.

use anyhow::Result;
use containerd_shim_wasm::{
    sandbox::{Sandbox, context::RuntimeContext},
    shim::{Cli, Shim, Version},
};
use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::{DirPerms, FilePerms, I32Exit, WasiCtxBuilder, p1};

struct StandIn;

#[derive(Clone, Default)]
struct Wasmtime;

impl Shim for StandIn {
    type Sandbox = Wasmtime;

    fn name() -> &'static str {
        "wasmtime"
    }

    fn version() -> Version {
        Version { version: "edgefleet-stand-in", revision: "none" }
    }
}

impl Sandbox for Wasmtime {
    async fn run_wasi(&self, ctx: &impl RuntimeContext) -> Result<i32> {
        let entrypoint = ctx.entrypoint();
        let variables = ctx.envs().iter().filter_map(|one| one.split_once('='));
        let wasi = WasiCtxBuilder::new()
            .inherit_stdio()
            .args(ctx.args())
            .envs(&variables.collect::<Vec<_>>())
            .preopened_dir("/", "/", DirPerms::all(), FilePerms::all())?
            .build_p1();
        let engine = Engine::default();
        let module = Module::new(&engine, entrypoint.source.as_bytes()?)?;
        let mut linker = Linker::new(&engine);
        p1::add_to_linker_async(&mut linker, |wasi| wasi)?;
        let mut store = Store::new(&engine, wasi);
        let instance = linker.instantiate_async(&mut store, &module).await?;
        let function = instance.get_typed_func::<(), ()>(&mut store, &entrypoint.func)?;
        match function.call_async(&mut store, ()).await {
            Ok(()) => Ok(0),
            Err(error) => error.downcast::<I32Exit>().map(|exit| exit.0).map_err(Into::into),
        }
    }
}

fn main() {
    StandIn::run(None);
}
