//! The text that `strace -f -y -xx -ttt` writes, read into calls.

use std::collections::BTreeMap;

/// All that changes names or bytes, and all that makes them last.
pub const CALLS: &str = "open,openat,openat2,creat,lseek,read,write,pwrite64,writev,pwritev,pwritev2,\
     copy_file_range,sendfile,splice,truncate,ftruncate,fallocate,fsync,fdatasync,sync,syncfs,\
     rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,\
     chmod,fchmod,fchmodat,utimensat";

/// One call that succeeded.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its arguments as text.
    pub args: Vec<String>,
    /// What it gave back, its annotation included.
    pub result: String,
}

/// What one line of the trace tells; a call is known by the number of the line it begins on.
pub enum Moment {
    /// The call begins.
    Begins(usize, Call),
    /// The call, begun at this time, has ended.
    Ends(usize, f64, Call),
}

/// The successful calls of a trace, each when it begins and when it ends.
pub fn read(text: &str) -> Vec<Moment> {
    let mut open: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut begun: BTreeMap<usize, Call> = BTreeMap::new();
    let mut moments = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut words = line.splitn(2, ' ');
        let pid = words.next().expect("a line has a pid");
        let rest = words.next().unwrap_or_default().trim_start();
        let Some((time, rest)) = rest.split_once(' ') else {
            continue;
        };
        let time: f64 = time.parse().expect("a line has a time");
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        if let Some(first) = rest.strip_suffix(" <unfinished ...>") {
            open.insert(pid, (number, first));
            // The arguments that a result completes are not needed to know what is meant.
            if let Some(call) = call(&format!("{first}) = 0")) {
                begun.insert(number, call.clone());
                moments.push(Moment::Begins(number, call));
            }
            continue;
        }
        let (at, whole) = match rest.strip_prefix("<... ") {
            Some(resumed) => {
                let Some((at, first)) = open.remove(pid) else {
                    continue;
                };
                let (_, last) = resumed.split_once("resumed>").expect("a call is resumed");
                (at, format!("{first}{last}"))
            }
            None => (number, rest.to_owned()),
        };
        if let Some(call) = call(&whole)
            && !call.result.starts_with(['-', '?'])
        {
            if begun.remove(&at).is_none() {
                moments.push(Moment::Begins(at, call.clone()));
            }
            moments.push(Moment::Ends(at, time, call));
        }
    }
    moments
}

fn call(line: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (args, result) = rest.rsplit_once(" = ")?;
    let args = args.trim_end().strip_suffix(')')?;
    Some(Call {
        name: name.to_owned(),
        args: split(args),
        result: result.to_owned(),
    })
}

/// Splits arguments at commas outside of all brackets. Strings are hexadecimal and hold none.
fn split(args: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in args.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one").push(c);
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// All strings in an argument, one after the other.
pub fn bytes(arg: &str) -> Vec<u8> {
    assert!(!arg.contains("\"..."), "a string was cut off: {arg:.60}");
    let strings = arg.split('"').skip(1).step_by(2);
    strings.flat_map(unhex).collect()
}

/// The path of a descriptor.
pub fn annotation(arg: &str) -> Option<String> {
    let (_, path) = arg.split_once('<')?;
    let path = unhex(path.split_once('>')?.0);
    String::from_utf8(path).ok()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    let byte = |two: &str| u8::from_str_radix(&two[..2], 16).expect("two digits");
    digits.map(byte).collect()
}
