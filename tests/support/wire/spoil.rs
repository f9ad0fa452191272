//! Answers as they should not be.

use super::fault::Fault;
use super::request::Exchange;
use bytes::Bytes;

/// The body of an error answer.
pub(super) fn error_xml(code: &str) -> Bytes {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>told to</Message><RequestId>0</RequestId></Error>"
    )
    .into()
}

/// The body as the fault leaves it.
pub(super) fn spoil(fault: &Fault, exchange: &Exchange, body: Bytes) -> Bytes {
    let text = || String::from_utf8_lossy(&body).into_owned();
    match fault {
        Fault::FlipBit => {
            let mut bytes = body.to_vec();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 1;
            }
            bytes.into()
        }
        Fault::TruncateList => truncated(&text()).into(),
        Fault::LoopList => looped(&text(), &token(exchange)).into(),
        Fault::ShuffleList => reordered(&text(), |entries| entries.reverse()).into(),
        Fault::RepeatKey => reordered(&text(), |entries| {
            if let Some(first) = entries.first().cloned() {
                entries.insert(0, first);
            }
        })
        .into(),
        _ => body,
    }
}

/// The continuation token that the request itself came with, as XML text.
fn token(exchange: &Exchange) -> String {
    let sent = exchange
        .query
        .split('&')
        .find_map(|pair| pair.strip_prefix("continuation-token="));
    let sent = percent_encoding::percent_decode_str(sent.unwrap_or("bG9vcA=="));
    sent.decode_utf8_lossy()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
}

/// Ends in the middle of the entries, after what tells how many there are.
fn truncated(xml: &str) -> String {
    let from = xml.find("<Contents>").unwrap_or(0);
    let to = xml.rfind("</Contents>").unwrap_or(xml.len());
    let mut middle = usize::midpoint(from, to);
    while !xml.is_char_boundary(middle) {
        middle -= 1;
    }
    xml[..middle].to_owned()
}

fn looped(xml: &str, token: &str) -> String {
    let (open, close) = ("<NextContinuationToken>", "</NextContinuationToken>");
    let next = format!("{open}{token}{close}");
    let xml = xml.replace("<IsTruncated>false<", "<IsTruncated>true<");
    match (xml.find(open), xml.find(close)) {
        (Some(from), Some(to)) => format!("{}{next}{}", &xml[..from], &xml[to + close.len()..]),
        _ => xml.replacen("<IsTruncated>", &format!("{next}<IsTruncated>"), 1),
    }
}

fn reordered(xml: &str, change: impl FnOnce(&mut Vec<String>)) -> String {
    let (open, close) = ("<Contents>", "</Contents>");
    let (Some(from), Some(to)) = (xml.find(open), xml.rfind(close)) else {
        return xml.to_owned();
    };
    let to = to + close.len();
    let mut entries: Vec<String> = xml[from..to]
        .split_inclusive(close)
        .map(str::to_owned)
        .collect();
    change(&mut entries);
    format!("{}{}{}", &xml[..from], entries.concat(), &xml[to..])
}
