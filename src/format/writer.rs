//! A whole state file, written in one go to anything that takes bytes.

use super::error::{Kind, WriteError};
use super::field::{limited, wide};
use super::frame::write_block;
use super::read::{Previous, Totals};
use super::records::COUNT_BYTES;
use super::wire::{self, Tag};
use super::write;
use crate::state::{Record, State};
use byteorder::{LE, WriteBytesExt};
use std::collections::HashSet;
use std::io::Write;

/// Writes one state: [`Writer::start_map`] and [`Writer::push`] for each map in turn, then
/// [`Writer::finish`]. What is not finished is no state file.
pub struct Writer<W> {
    out: W,
    /// Per map the blocks that come before its records.
    before: Vec<Vec<(Tag, Vec<u8>)>>,
    /// Buckets without maps, after the last map.
    after: Vec<(Tag, Vec<u8>)>,
    /// The map whose blocks are to be written next.
    next_map: usize,
    payload: Vec<u8>,
    count: u16,
    previous: Previous,
    totals: Totals,
    chain: crc32fast::Hasher,
}

impl<W: Write> Writer<W> {
    /// Begins a file. Nothing is written if the settings have no encoding.
    ///
    /// # Errors
    /// [`WriteError::Refused`] with the limit or rule that a setting breaks, [`WriteError::Io`].
    pub fn new(mut out: W, state: &State) -> Result<Self, WriteError> {
        limited("buckets", wide(state.buckets.len()), wire::MAX_BUCKETS)?;
        limited("maps", wide(state.maps().count()), wire::MAX_MAPS)?;
        let mut ids = HashSet::new();
        if !state.maps().all(|(_, map)| ids.insert(map.id)) {
            return Err(Kind::Duplicate { field: "map id" }.into());
        }
        let mut before = Vec::new();
        let mut blocks = Vec::new();
        for bucket in &state.buckets {
            let mut payload = Vec::new();
            write::bucket(&mut payload, bucket)?;
            blocks.push((wire::BUCKET, payload));
            for map in &bucket.maps {
                let mut payload = Vec::new();
                write::dir_map(&mut payload, map)?;
                blocks.push((wire::MAP, payload));
                before.push(std::mem::take(&mut blocks));
            }
        }
        let mut identity = Vec::new();
        write::identity(&mut identity, state.replica, state.generation)?;

        out.write_all(&wire::SIGNATURE)?;
        out.write_u8(wire::VERSION)?;
        write_block(&mut out, wire::METADATA, &state.synced_ms.to_le_bytes())?;
        let mut writer = Self {
            out,
            before,
            after: blocks,
            next_map: 0,
            payload: Vec::new(),
            count: 0,
            previous: Previous::default(),
            totals: Totals::default(),
            chain: crc32fast::Hasher::new(),
        };
        writer.block(wire::IDENTITY, &identity)?;
        Ok(writer)
    }

    /// Turns to the map at this position of [`State::maps`]; maps passed over stay empty.
    ///
    /// # Errors
    /// [`WriteError::NoSuchMap`] when there is none or it is past, [`WriteError::Io`].
    pub fn start_map(&mut self, map: usize) -> Result<(), WriteError> {
        if map < self.next_map || map >= self.before.len() {
            return Err(WriteError::NoSuchMap(map));
        }
        self.close_block()?;
        while self.next_map <= map {
            let blocks = self.before.get_mut(self.next_map).map(std::mem::take);
            self.settings(blocks.unwrap_or_default())?;
            self.totals.maps = self.totals.maps.saturating_add(1);
            self.next_map = self.next_map.saturating_add(1);
        }
        self.previous = Previous::default();
        Ok(())
    }

    /// Adds the current map's next record.
    ///
    /// # Errors
    /// [`WriteError::Refused`] when it is not after its predecessor or has no encoding; the file
    /// cannot be finished then. [`WriteError::NoMap`] before the first map, [`WriteError::Io`].
    pub fn push(&mut self, record: &Record) -> Result<(), WriteError> {
        if self.next_map == 0 {
            return Err(WriteError::NoMap);
        }
        if self.count == 0 {
            self.payload.clear();
            self.payload.resize(COUNT_BYTES, 0);
            self.previous.begin_block();
        }
        write::record(&mut self.payload, &mut self.previous, record)?;
        self.count = self.count.saturating_add(1);
        if self.payload.len() >= wire::FULL_PAYLOAD_BYTES {
            self.close_block()?;
        }
        Ok(())
    }

    /// Ends the file and hands back what it was written to, not flushed.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        if let Some(last) = self.before.len().checked_sub(1)
            && self.next_map <= last
        {
            self.start_map(last)?;
        }
        self.close_block()?;
        let after = std::mem::take(&mut self.after);
        self.settings(after)?;
        self.totals.chain = self.chain.clone().finalize();
        let mut end = Vec::new();
        write::end(&mut end, &self.totals)?;
        write_block(&mut self.out, wire::END, &end)?;
        Ok(self.out)
    }

    fn settings(&mut self, blocks: Vec<(Tag, Vec<u8>)>) -> Result<(), WriteError> {
        for (tag, payload) in blocks {
            if tag == wire::BUCKET {
                self.totals.buckets = self.totals.buckets.saturating_add(1);
            }
            self.block(tag, &payload)?;
        }
        Ok(())
    }

    fn close_block(&mut self) -> Result<(), WriteError> {
        if self.count == 0 {
            return Ok(());
        }
        let mut payload = std::mem::take(&mut self.payload);
        if let Some(mut count) = payload.get_mut(..COUNT_BYTES) {
            count.write_u16::<LE>(self.count)?;
        }
        self.totals.objects_blocks = self.totals.objects_blocks.saturating_add(1);
        self.totals.records = self.totals.records.saturating_add(u64::from(self.count));
        self.count = 0;
        self.block(wire::OBJECTS, &payload)?;
        self.payload = payload;
        Ok(())
    }

    fn block(&mut self, tag: Tag, payload: &[u8]) -> Result<(), WriteError> {
        let checksum = write_block(&mut self.out, tag, payload)?;
        self.chain.update(&checksum.to_le_bytes());
        Ok(())
    }
}

/// Offset and bytes that give a finished file another last-synced time, in milliseconds since the
/// epoch. No other byte of the file depends on it, and these lie within its first 512.
///
/// # Errors
/// None in practice: the bytes are built in memory.
pub fn patch_synced(synced_ms: u64) -> Result<(u64, Vec<u8>), WriteError> {
    let mut block = Vec::new();
    write_block(&mut block, wire::METADATA, &synced_ms.to_le_bytes())?;
    let lead = super::field::length(wire::LEAD_BYTES);
    let changing = block.get(lead..block.len().saturating_sub(1));
    Ok((
        wire::HEADER_BYTES.saturating_add(wire::LEAD_BYTES),
        changing.unwrap_or_default().to_vec(),
    ))
}
