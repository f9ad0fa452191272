//! Names as people give them: directories after what they are about, files in families, with the
//! extensions of one trade.

use super::random::Random;

/// How the files of a directory are named. Directories below mostly have the same habit.
#[derive(Clone, Copy)]
pub(super) struct Habit {
    trade: &'static Trade,
    /// With what most of the files begin.
    family: &'static str,
}

struct Trade {
    /// Names of which a directory has one at most.
    fixed: &'static [&'static str],
    /// As often as they occur.
    extensions: &'static [&'static str],
    separator: char,
}

impl Habit {
    pub(super) fn first(random: &mut Random) -> Self {
        Self {
            trade: &TRADES[0],
            family: random.pick(FAMILIES),
        }
    }

    pub(super) fn below(self, random: &mut Random) -> Self {
        let trade = if random.one_in(7) {
            &TRADES[random.index(TRADES.len())]
        } else {
            self.trade
        };
        let family = if random.one_in(3) {
            self.family
        } else {
            random.pick(FAMILIES)
        };
        Self { trade, family }
    }
}

/// Names of which no two are the same: each word once, then each word with a number.
pub(super) struct Names {
    next: usize,
    stride: usize,
    round: u64,
    first: usize,
}

impl Names {
    pub(super) fn new(random: &mut Random) -> Self {
        let first = random.index(WORDS.len());
        Self {
            next: first,
            // The number of words is a prime, so that any stride meets them all.
            stride: 1 + random.index(WORDS.len() - 1),
            round: 0,
            first,
        }
    }

    /// A directory's name, with the `/` after it.
    pub(super) fn directory(&mut self, random: &mut Random) -> String {
        let mut name = String::with_capacity(24);
        self.stem(&mut name, '-', random);
        name.push('/');
        name
    }

    pub(super) fn file(&mut self, habit: Habit, random: &mut Random) -> String {
        let trade = habit.trade;
        let fixed = trade.fixed.get(self.next.wrapping_sub(self.first));
        if let Some(fixed) = fixed
            && random.one_in(2)
        {
            self.step();
            return (*fixed).to_owned();
        }
        let mut name = String::with_capacity(32);
        if !random.one_in(3) {
            name.push_str(habit.family);
            name.push(trade.separator);
        }
        self.stem(&mut name, trade.separator, random);
        name.push('.');
        name.push_str(random.pick(trade.extensions));
        name
    }

    fn stem(&mut self, name: &mut String, separator: char, random: &mut Random) {
        name.push_str(WORDS[self.next]);
        if random.one_in(2) {
            name.push(separator);
            name.push_str(random.pick(WORDS));
        }
        if self.round > 0 || random.one_in(7) {
            let number = self.round * 1000 + random.below(1000);
            name.push_str(&number.to_string());
        }
        self.step();
    }

    fn step(&mut self) {
        self.next = (self.next + self.stride) % WORDS.len();
        self.round += u64::from(self.next == self.first);
    }
}

const TRADES: &[Trade] = &[
    Trade {
        fixed: &["Makefile", "Kconfig"],
        extensions: &["c", "c", "c", "c", "h", "h", "h", "S"],
        separator: '_',
    },
    Trade {
        fixed: &["index.rst"],
        extensions: &["rst", "rst", "rst", "rst", "md", "txt", "svg"],
        separator: '-',
    },
    Trade {
        fixed: &["Makefile"],
        extensions: &["dts", "dts", "dts", "dtsi", "dtsi", "yaml"],
        separator: '-',
    },
    Trade {
        fixed: &["__init__.py", "README.md"],
        extensions: &["py", "py", "py", "py", "sh", "json", "txt"],
        separator: '_',
    },
    Trade {
        fixed: &["package.json", "index.ts", "README.md"],
        extensions: &["ts", "ts", "tsx", "tsx", "css", "json", "test.ts", "svg"],
        separator: '-',
    },
    Trade {
        fixed: &["mod.rs", "lib.rs", "Cargo.toml"],
        extensions: &["rs", "rs", "rs", "rs", "toml", "snap"],
        separator: '_',
    },
    Trade {
        fixed: &["BUILD"],
        extensions: &["java", "java", "java", "xml", "properties", "proto"],
        separator: '_',
    },
];

/// None of these is a word below.
const FAMILIES: &[&str] = &[
    "ak", "amd", "ath", "bcm", "brx", "cx", "dw", "exy", "fsl", "gpx", "hns", "imx", "ixg", "jz",
    "kvm", "lan", "max", "mlx", "mt", "nv", "omap", "pcx", "qcom", "rk", "rtl", "sja", "stm",
    "tegra", "ti", "ufs", "vsc", "wm", "xfs", "zl",
];

#[rustfmt::skip] // one word a line otherwise
const WORDS: &[&str] = &[
    "access", "account", "action", "adapter", "admin", "affinity", "agent", "alarm", "algorithm",
    "allocator", "analog", "annotation", "archive", "array", "assert", "async", "atomic",
    "attribute", "audio", "audit", "auth", "backend", "backup", "balance", "bank", "barrier",
    "base", "battery", "bench", "binding", "bitmap", "block", "board", "boot", "border", "bounce",
    "bridge", "browser", "buffer", "builder", "bundle", "button", "cache", "calendar", "camera",
    "capture", "card", "catalog", "chain", "channel", "charger", "chart", "check", "checkout",
    "child", "chunk", "cipher", "class", "cleanup", "client", "clock", "cluster", "codec", "color",
    "column", "command", "common", "compat", "compiler", "component", "compress", "config",
    "connect", "console", "const", "consumer", "content", "context", "control", "convert", "cookie",
    "copy", "core", "counter", "coverage", "crash", "crypto", "current", "cursor", "daemon",
    "dashboard", "data", "debug", "decode", "default", "delay", "delta", "demo", "deploy", "depth",
    "descriptor", "design", "device", "dialog", "digest", "direct", "display", "domain", "double",
    "driver", "dump", "dynamic", "edge", "editor", "element", "emulator", "encode", "endpoint",
    "engine", "entry", "error", "event", "example", "exchange", "export", "extent", "fabric",
    "factory", "feature", "fence", "fetch", "fiber", "field", "filter", "firmware", "fixture",
    "flags", "flash", "float", "flow", "folder", "font", "format", "forward", "frame", "free",
    "function", "gadget", "gateway", "generic", "global", "graph", "grid", "group", "guard",
    "guest", "handle", "hash", "header", "health", "heap", "helper", "hint", "history", "hook",
    "host", "hotplug", "hybrid", "icon", "idle", "image", "import", "inbox", "init", "inline",
    "inode", "input", "inspect", "install", "instance", "intel", "interrupt", "invoice", "item",
    "iterator", "jacket", "job", "journal", "kernel", "key", "keyboard", "label", "lane",
    "language", "latency", "layer", "layout", "leak", "legacy", "level", "library", "light",
    "limit", "link", "list", "load", "local", "lock", "log", "login", "loop", "machine", "mailbox",
    "main", "manager", "manifest", "map", "mapper", "mask", "match", "matrix", "media", "memory",
    "menu", "merge", "message", "meta", "metric", "migrate", "mirror", "mixer", "mock", "mode",
    "model", "module", "monitor", "mount", "mutex", "native", "network", "node", "normal", "notify",
    "null", "number", "object", "offset", "online", "option", "order", "origin", "output",
    "overlay", "owner", "packet", "page", "panel", "parser", "partition", "patch", "path",
    "pattern", "payment", "peer", "perf", "phase", "pipe", "pixel", "plan", "platform", "player",
    "plugin", "pointer", "policy", "poll", "pool", "port", "power", "prefix", "preview", "print",
    "priority", "probe", "process", "product", "profile", "program", "project", "property",
    "protocol", "provider", "proxy", "pulse", "quality", "query", "queue", "quota", "random",
    "range", "rate", "raw", "reader", "record", "recovery", "redirect", "reduce", "region",
    "register", "relay", "release", "remote", "render", "repair", "replay", "report", "request",
    "reset", "resource", "response", "restore", "retry", "ring", "role", "root", "route", "rule",
    "runner", "runtime", "sample", "scale", "scan", "schedule", "schema", "scope", "screen",
    "script", "search", "section", "sector", "secure", "select", "sensor", "serial", "server",
    "service", "session", "setup", "shadow", "shape", "share", "signal", "simple", "size", "slice",
    "slot", "smart", "snapshot", "socket", "sort", "source", "space", "spec", "split", "stack",
    "stage", "start", "state", "static", "status", "storage", "stream", "string", "struct", "style",
    "submit", "suite", "summary", "support", "suspend", "switch", "symbol", "sync", "system",
    "table", "target", "task", "template", "test", "thermal", "thread", "threshold", "ticket",
    "timer", "token", "tool", "topology", "touch", "trace", "track", "traffic", "transfer",
    "transport", "tree", "trigger", "tuner", "tunnel", "type", "union", "update", "upload", "usage",
    "user", "util", "validate", "value", "vector", "vendor", "version", "video", "view", "virtual",
    "visitor", "volume", "wait", "watch", "wave", "weight", "widget", "window", "wire", "worker",
    "wrapper", "writer",
];
