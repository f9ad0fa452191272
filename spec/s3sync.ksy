# The state file of s3-bsync and its journal, for Kaitai Struct 0.11 or newer.
#
# To compile it by hand, with the compiler of https://kaitai.io:
#
#     kaitai-struct-compiler --target python spec/s3sync.ksy
#
# `cargo test --test kaitai` does the same with the compiler's JavaScript build and holds the reader
# that comes out of it against the program (tests/kaitai).
meta:
  id: s3sync
  title: State file and journal of s3-bsync
  application: s3-bsync
  license: MIT
  ks-version: '0.11'
  encoding: UTF-8
  endian: le
  bit-endian: le

doc: |
  What was agreed when local directories and S3 prefixes were last the same: a three-way sync's merge
  base. FORMAT.md is normative; the names here are those of its tables, and its section numbers stand
  beside them. Words of the glossary (section 3) are used as it defines them.

  The reader made from this text gives every field and refuses most of what section 9 wants refused:
  wrong signatures, versions and control bytes, what is cut off or too long, numbers over their limits
  and without a meaning, needlessly long varints, texts that are not UTF-8, keys out of order or with
  too much or too little shared, wrong counts. It leaves to its caller what cannot be said in Kaitai
  Struct:

  - the checksums: `checksum` in every `tail`, and `checksum` in the end block;
  - the rules for a key's parts, and that it is UTF-8: `key.latin_1` is a string of the key's bytes,
    one character each, so that prefixes can be put together; encode it as ISO-8859-1 and decode the
    bytes as UTF-8;
  - that no map id stands twice, and that an ETag of 32 lower-case digits is not stored as a text;
  - that strings of version 1 are UTF-8, which shows when their `value` is asked for.

  Values of 64 bits are exact where the target language has integers of 64 bits or more. Where it has
  not, as in JavaScript, times in nanoseconds are off by less than a microsecond.
doc-ref: FORMAT.md

seq:
  - id: signature
    type: u4
    enum: file_kind
    valid:
      in-enum: true
    doc: The bytes 9D 9F 53 33 or 9D 9F 4A 33, of which two read `S3` and `J3`.
    doc-ref: FORMAT.md, sections 6.1 and 12
  - id: version
    type: u1
    valid:
      expr: _ == 2 or (_ == 1 and signature == file_kind::state)
    doc: All that is promised to later versions is the signature and the place of this byte.
    doc-ref: FORMAT.md, section 6.1
  - id: journal
    type: journal
    if: signature == file_kind::journal
  - id: state
    type:
      switch-on: version
      cases:
        1: state_v1
        2: state_v2
    if: signature == file_kind::state
    valid:
      expr: _io.eof

enums:
  file_kind:
    0x33539f9d: state
    0x334a9f9d: journal
  control:
    0x90: bucket
    0x91: bucket_end
    0x92: map
    0x93: map_end
    0x94: objects
    0x95: objects_end
    0x98: identity
    0x99: identity_end
    0x9a: metadata
    0x9b: metadata_end
    0x9c: end
    0x9e: end_end
  etag_type:
    0x96:
      id: md5
      doc: The 16 bytes whose 32 lower-case hexadecimal digits are the ETag.
    0x97:
      id: other
      doc: A text, without its quotes.
  conflict_policy:
    0: newer
    1: keep_both
    2: local
    3: remote
    4: ask
  direction:
    0: both
    1: push
    2: push_and_delete
    3: pull
    4: pull_and_delete
  unit:
    0: number
    1: percent
  encryption:
    0: none
    1: age
    2:
      id: recipient_missing
      doc: A map of version 1 with a GPG e-mail; it cannot be synced until it has a recipient.
  local_form:
    0:
      id: none
      doc: There is no local stamp.
    1:
      id: ctime_zero
      doc: The stamp was taken too soon after the file's modification to be trusted.
    2:
      id: ctime_is_mtime
      doc: And neither is 0.
    3: ctime_given
  content:
    0: unknown
    1:
      id: by_md5
      doc: The digest is of the file; that the object holds the same rests on the MD5s in its ETag.
    2:
      id: blake3
      doc: The digest is of the file, and both sides were read or sent.
  encoding:
    0: plain
    1: gzip
    2: age
    3:
      id: gzip_age
      doc: gzip, then age.
  entry_type:
    1:
      id: upsert
      doc: Both sides agree on this now.
    2:
      id: removal
      doc: Both sides are without it now.
    3:
      id: upload
      doc: An upload in parts is under way.
    4:
      id: intent
      doc: An object is about to be made.
  origin:
    0: sent
    1: copied

types:
  # -- Notation, section 2 ---------------------------------------------------------------------------
  varint:
    doc: Seven bits a byte, least significant first; as short as its value allows, at most 64 bits.
    doc-ref: FORMAT.md, section 2
    seq:
      - id: septets
        type: u1
        repeat: until
        repeat-until: _ < 0x80
        valid:
          expr: '_index == 9 ? _ == 1 : (_index == 0 or _ != 0)'
        doc: The top bit is set in every byte but the last.
    instances:
      value:
        doc: Multiplied rather than shifted, for languages whose shifts have 32 bits.
        value: |
          (septets[0] & 0x7f).as<u8>
          + (septets.size > 1 ? (septets[1] & 0x7f).as<u8> * 0x80 : 0)
          + (septets.size > 2 ? (septets[2] & 0x7f).as<u8> * 0x4000 : 0)
          + (septets.size > 3 ? (septets[3] & 0x7f).as<u8> * 0x20_0000 : 0)
          + (septets.size > 4 ? (septets[4] & 0x7f).as<u8> * 0x1000_0000 : 0)
          + (septets.size > 5 ? (septets[5] & 0x7f).as<u8> * 0x8_0000_0000 : 0)
          + (septets.size > 6 ? (septets[6] & 0x7f).as<u8> * 0x400_0000_0000 : 0)
          + (septets.size > 7 ? (septets[7] & 0x7f).as<u8> * 0x2_0000_0000_0000 : 0)
          + (septets.size > 8 ? (septets[8] & 0x7f).as<u8> * 0x100_0000_0000_0000 : 0)
          + (septets.size > 9 ? (septets[9] & 0x7f).as<u8> * 0x8000_0000_0000_0000 : 0)

  size:
    doc: Bytes.
    doc-ref: FORMAT.md, section 7
    seq:
      - id: number
        type: varint
        valid:
          expr: _.value < 0x8000_0000_0000_0000
    instances:
      value:
        value: number.value

  part_size:
    doc: MiB.
    doc-ref: FORMAT.md, section 7
    seq:
      - id: number
        type: varint
        valid:
          expr: _.value >= 5 and _.value <= 5120
    instances:
      value:
        value: number.value

  delta:
    doc: A signed difference d as the varint 2d, or -2d-1 where d is negative.
    doc-ref: FORMAT.md, section 2
    seq:
      - id: folded
        type: varint
    instances:
      value:
        value: 'folded.value % 2 == 0 ? folded.value / 2 : -(folded.value / 2) - 1'

  unsigned_sum:
    doc: The value before plus a delta, modulo 2^64, as u64.
    doc-ref: FORMAT.md, section 2
    params:
      - id: before
        type: u8
    seq:
      - id: delta
        type: delta
    instances:
      wide:
        value: before + delta.value
      value:
        value: |
          wide < 0 ? wide + 0x8000_0000_0000_0000 + 0x8000_0000_0000_0000
          : (wide - 0x8000_0000_0000_0000 >= 0x8000_0000_0000_0000
          ? wide - 0x8000_0000_0000_0000 - 0x8000_0000_0000_0000 : wide)

  signed_sum:
    doc: The value before plus a delta, modulo 2^64, as i64.
    doc-ref: FORMAT.md, section 2
    params:
      - id: before
        type: s8
    seq:
      - id: delta
        type: delta
    instances:
      wide:
        value: before + delta.value
      value:
        value: |
          wide + 0x8000_0000_0000_0000 < 0 ? wide + 0x8000_0000_0000_0000 + 0x8000_0000_0000_0000
          : (wide >= 0x8000_0000_0000_0000
          ? wide - 0x8000_0000_0000_0000 - 0x8000_0000_0000_0000 : wide)

  text:
    doc: UTF-8 without NUL, of `min` to `max` bytes.
    doc-ref: FORMAT.md, sections 2 and 7
    params:
      - id: min
        type: u2
      - id: max
        type: u2
    seq:
      - id: length
        type: varint
        valid:
          expr: _.value >= min and _.value <= max
      - id: body
        size: length.value
        type: text_body
        valid:
          expr: _._io.eof
        doc: A text that stops before the end of its bytes holds NUL.
    instances:
      value:
        value: body.value
  text_body:
    seq:
      - id: value
        type: str
        terminator: 0
        consume: false
        eos-error: false

  look_ahead:
    doc: What stands at an offset, without reading on; how blocks that may be missing are found.
    params:
      - id: at
        type: u8
    instances:
      byte:
        pos: at
        type: u1
        if: at < _io.size
      control:
        value: 'at < _io.size ? byte : 0'
        enum: control
      length:
        pos: at + 1
        type: u4
        if: at + 5 <= _io.size
      is_whole_block:
        doc: Whether the file holds as many bytes as the block there says that it has.
        value: at + 5 <= _io.size and at + 10 + length <= _io.size

  # -- Frame of a block, section 4 -------------------------------------------------------------------
  head:
    doc: What stands before a block's payload.
    doc-ref: FORMAT.md, section 4
    params:
      - id: expected
        type: u1
        enum: control
    seq:
      - id: control
        type: u1
        enum: control
        valid: expected
      - id: length
        type: u4
        valid:
          max: 262144
        doc: Bytes of the payload.
  tail:
    doc: What stands after a block's payload.
    doc-ref: FORMAT.md, section 4
    params:
      - id: expected
        type: u1
        enum: control
    seq:
      - id: checksum
        type: u4
        doc: CRC-32 of IEEE 802.3 over control byte, length and payload.
      - id: control
        type: u1
        enum: control
        valid: expected

  # -- State file, sections 5 and 6 ------------------------------------------------------------------
  state_v2:
    doc: |
      Blocks without a gap. The map blocks of a bucket follow its bucket block, the objects blocks of a
      map its map block; here they are its children.
    doc-ref: FORMAT.md, section 5
    seq:
      - id: metadata
        type: metadata_block
      - id: identity
        type: identity_block
      - id: next
        type: look_ahead(_io.pos)
      - id: buckets
        type: |
          bucket_block(
          _index == 0 ? 0 : buckets[_index - 1].maps_after,
          _index == 0 ? 0 : buckets[_index - 1].blocks_after,
          _index == 0 ? 0 : buckets[_index - 1].records_after)
        repeat: until
        repeat-until: _.next.control != control::bucket
        if: next.control == control::bucket
        valid:
          expr: _index < 1024
      - id: end
        type: end_block
    instances:
      bucket_count:
        value: 'next.control == control::bucket ? buckets.size : 0'
      map_count:
        value: 'bucket_count == 0 ? 0 : buckets.last.maps_after'
      block_count:
        value: 'bucket_count == 0 ? 0 : buckets.last.blocks_after'
      record_count:
        value: 'bucket_count == 0 ? 0 : buckets.last.records_after'

  metadata_block:
    doc-ref: FORMAT.md, section 6.2
    seq:
      - id: head
        type: head(control::metadata)
      - id: payload
        size: head.length
        type: metadata
        valid:
          expr: _._io.eof
      - id: tail
        type: tail(control::metadata_end)
  metadata:
    seq:
      - id: last_synced
        type: u8
        doc: |
          Milliseconds since 1970-01-01 UTC at the end of the last run that found or made both sides
          equal; 0 for never.

  identity_block:
    doc-ref: FORMAT.md, section 6.3
    seq:
      - id: head
        type: head(control::identity)
      - id: payload
        size: head.length
        type: identity
        valid:
          expr: _._io.eof
      - id: tail
        type: tail(control::identity_end)
  identity:
    seq:
      - id: replica
        size: 16
        doc: Random, for good.
      - id: generation
        type: u8
        valid:
          # Quoted, for readers of YAML whose numbers have 53 bits.
          max: '0x7fff_ffff_ffff_ffff'
        doc: One more than that of the state file before.

  bucket_block:
    doc: A bucket as one set of connection settings reaches it, and its maps.
    doc-ref: FORMAT.md, section 6.4
    params:
      - id: maps_before
        type: u8
      - id: blocks_before
        type: u8
      - id: records_before
        type: u8
    seq:
      - id: head
        type: head(control::bucket)
      - id: payload
        size: head.length
        type: bucket
        valid:
          expr: _._io.eof
      - id: tail
        type: tail(control::bucket_end)
      - id: after_payload
        type: look_ahead(_io.pos)
      - id: maps
        type: |
          map_block(
          maps_before + _index,
          _index == 0 ? blocks_before : maps[_index - 1].blocks_after,
          _index == 0 ? records_before : maps[_index - 1].records_after)
        repeat: until
        repeat-until: _.next.control != control::map
        if: after_payload.control == control::map
        valid:
          expr: maps_before + _index < 1024
      - id: next
        type: look_ahead(_io.pos)
    instances:
      map_count:
        value: 'after_payload.control == control::map ? maps.size : 0'
      maps_after:
        value: maps_before + map_count
      blocks_after:
        value: 'map_count == 0 ? blocks_before : maps.last.blocks_after'
      records_after:
        value: 'map_count == 0 ? records_before : maps.last.records_after'
  bucket:
    seq:
      - id: flags
        type: bucket_flags
      - id: capability_bits
        type: u2
        valid:
          expr: 'flags.probed ? _ < 0x1000 : _ == 0'
      - id: name
        type: text(1, 255)
      - id: endpoint
        type: text(1, 2048)
        if: flags.has_endpoint
      - id: region
        type: text(1, 255)
        if: flags.has_region
      - id: profile
        type: text(1, 255)
        if: flags.has_profile
    instances:
      capabilities:
        doc: What the server was found to honour; not there where it was not probed.
        pos: 1
        type: capabilities
        if: flags.probed
  bucket_flags:
    seq:
      - id: has_endpoint
        type: b1
      - id: has_region
        type: b1
      - id: has_profile
        type: b1
      - id: path_style
        type: b1
        doc: The bucket's name stands in the URL's path, not in its host.
      - id: probed
        type: b1
        doc: The server was probed; the capabilities say what was found.
      - id: reserved
        type: b3
        valid: 0
  capabilities:
    doc: What was not found is never relied on.
    seq:
      - id: put_if_absent
        type: b1
        doc: 'PutObject with `If-None-Match: *`'
      - id: put_if_match
        type: b1
        doc: PutObject with `If-Match`
      - id: complete_if_absent
        type: b1
        doc: 'CompleteMultipartUpload with `If-None-Match: *`'
      - id: complete_if_match
        type: b1
        doc: CompleteMultipartUpload with `If-Match`
      - id: copy_if_absent
        type: b1
        doc: 'CopyObject with `If-None-Match: *` for the destination'
      - id: copy_source_if_match
        type: b1
        doc: CopyObject with `x-amz-copy-source-if-match`
      - id: delete_if_match
        type: b1
        doc: DeleteObject with `If-Match`
      - id: batch_delete_if_match
        type: b1
        doc: DeleteObjects with an ETag per key
      - id: part_copy
        type: b1
        doc: UploadPartCopy with a range
      - id: crc64_checked
        type: b1
        doc: The CRC64NVME checksum of a body; a wrong one is refused.
      - id: bare_etags
        type: b1
        doc: Conditions only with ETags without quotes
      - id: versioned
        type: b1
        doc: The bucket keeps old versions.
      - id: reserved
        type: b4

  map_block:
    doc: A directory map and its records.
    doc-ref: FORMAT.md, section 6.5
    params:
      - id: number
        type: u8
        doc: The map's position among all map blocks, from 0.
      - id: blocks_before
        type: u8
      - id: records_before
        type: u8
    seq:
      - id: head
        type: head(control::map)
      - id: payload
        size: head.length
        type: map
        valid:
          expr: _._io.eof
      - id: tail
        type: tail(control::map_end)
      - id: after_payload
        type: look_ahead(_io.pos)
      - id: objects
        type: 'objects_block(_index == 0 ? records_before : objects[_index - 1].records_after)'
        repeat: until
        repeat-until: _.next.control != control::objects
        if: after_payload.control == control::objects
        valid:
          expr: _index == 0 or objects[_index - 1].head.length >= 32768
        doc: Every one but the last has a payload of 32 768 bytes or more (section 6.6, *Cut*).
      - id: next
        type: look_ahead(_io.pos)
    instances:
      block_count:
        value: 'after_payload.control == control::objects ? objects.size : 0'
      blocks_after:
        value: blocks_before + block_count
      records_after:
        value: 'block_count == 0 ? records_before : objects.last.records_after'
  map:
    seq:
      - id: map_id
        size: 8
        doc: Random, for good; no two maps of a file have the same.
      - id: generation
        type: u8
        valid:
          max: '0x7fff_ffff_ffff_ffff'
        doc: Counts the commits that changed this map's records.
      - id: keep_days
        type: u4
        valid:
          max: 36525
        doc: How long the recovery folder keeps what it holds.
      - id: flags
        type: map_flags
      - id: gzip_level
        type: u1
        valid:
          max: 11
        doc: 0 for off.
      - id: conflict_policy
        type: u1
        enum: conflict_policy
        valid:
          in-enum: true
      - id: direction
        type: u1
        enum: direction
        valid:
          in-enum: true
      - id: encryption
        type: u1
        enum: encryption
        valid:
          expr: |
            _ == encryption::age or (
            (_ == encryption::none or _ == encryption::recipient_missing)
            and not flags.has_recipients_file and not flags.has_identity_file)
        doc: Only a map that age encrypts has a recipients file or an identity file.
      - id: root
        type: root
        if: flags.has_root
        doc: The directory when it was last synced.
      - id: keep_size
        type: bound
        if: flags.has_keep_size
        doc: The most that the recovery folder may hold, in bytes or percent of the file system.
      - id: max_replace
        type: bound
        if: flags.has_max_replace
        doc: How many files downloads may replace in one run, in files or percent of the records.
      - id: name
        type: text(0, 255)
      - id: local_path
        type: text(1, 4096)
        valid:
          expr: |
            _.value == "/" or (_.value.substring(0, 1) == "/"
            and _.value.substring(_.value.length - 1, _.value.length) != "/")
        doc: Absolute; ends with `/` only where it is `/`.
      - id: key_prefix
        type: text(0, 1024)
        valid:
          expr: |
            _.value == "" or (_.value.substring(0, 1) != "/"
            and _.value.substring(_.value.length - 1, _.value.length) != "/")
        doc: Neither begins nor ends with `/`.
      - id: storage_class
        type: text(1, 255)
        if: flags.has_storage_class
      - id: recipient_count
        type: u1
        if: encryption == encryption::age
      - id: recipients
        type: text(1, 4096)
        repeat: expr
        repeat-expr: recipient_count
        if: encryption == encryption::age
      - id: recipients_file
        type: text(1, 4096)
        if: flags.has_recipients_file
      - id: identity_file
        type: text(1, 4096)
        if: flags.has_identity_file
      - id: email
        type: text(0, 1024)
        if: encryption == encryption::recipient_missing
  map_flags:
    seq:
      - id: top_only
        type: b1
        doc: Only files directly below the root belong to the map.
      - id: has_storage_class
        type: b1
      - id: has_root
        type: b1
      - id: has_recipients_file
        type: b1
      - id: has_identity_file
        type: b1
      - id: links_followed
        type: b1
        doc: A symlink to a file below the same root is read as that file.
      - id: modes_kept
        type: b1
        doc: Permission bits travel with the files.
      - id: has_keep_size
        type: b1
      - id: has_max_replace
        type: b1
      - id: reserved
        type: b7
        valid: 0
  bound:
    seq:
      - id: unit
        type: u1
        enum: unit
        valid:
          in-enum: true
      - id: number
        type: u8
        valid:
          max: 'unit == unit::percent ? 100 : 0x7fff_ffff_ffff_ffff'
  root:
    seq:
      - id: device
        type: u8
      - id: inode
        type: u8

  objects_block:
    doc-ref: FORMAT.md, section 6.6
    params:
      - id: records_before
        type: u8
    seq:
      - id: head
        type: head(control::objects)
      - id: payload
        size: head.length
        type: objects
        valid:
          expr: _._io.eof
      - id: tail
        type: tail(control::objects_end)
      - id: next
        type: look_ahead(_io.pos)
    instances:
      records_after:
        value: records_before + payload.record_count
  objects:
    seq:
      - id: record_count
        type: u2
        valid:
          min: 1
      - id: records
        type: |
          record(
          _io.pos,
          _index == 0 ? "" : records[_index - 1].key.latin_1,
          _index == 0 ? 0 : records[_index - 1].mtime_after,
          _index == 0 ? 0 : records[_index - 1].inode_after,
          _index == 0 ? 0 : records[_index - 1].ctime_after,
          _index == 0 ? 0 : records[_index - 1].last_modified.value)
        repeat: expr
        repeat-expr: record_count
        valid:
          expr: _.offset < 32768

  # -- Record, section 6.7 ---------------------------------------------------------------------------
  key:
    doc: A key, without what it has in common with the key before.
    doc-ref: FORMAT.md, section 6.7
    params:
      - id: before
        type: str
    seq:
      - id: shared_bytes
        type: varint
        valid:
          expr: _.value <= before.length
      - id: length
        type: varint
        valid:
          expr: _.value >= 1 and _.value <= 1024 and shared_bytes.value + _.value <= 1024
        doc: 'Bytes of the rest; not 0, as the key would not come after the one before.'
      - id: rest
        size: length.value
        type: str
        encoding: ISO-8859-1
        valid:
          expr: |
            shared_bytes.value == before.length
            or _.substring(0, 1) > before.substring(shared_bytes.value, shared_bytes.value + 1)
        doc: |
          Where the two keys part, this one has the greater byte: all is shared that they have in
          common, and the keys ascend.
    instances:
      latin_1:
        doc: The whole key, one character for each byte.
        value: before.substring(0, shared_bytes.value) + rest

  record:
    doc: |
      One recorded object: its key, and what both sides held when they last agreed on it. The values
      before are those of the record before in the same block, 0 and empty before a block's first.
    doc-ref: FORMAT.md, section 6.7
    params:
      - id: offset
        type: u8
        doc: Where the record begins in its payload.
      - id: key_before
        type: str
      - id: mtime_before
        type: s8
        doc: This and the inode before are of the nearest record before that has a local stamp.
      - id: inode_before
        type: u8
      - id: ctime_before
        type: s8
        doc: Of the nearest record before whose local form is 2 or 3.
      - id: last_modified_before
        type: s8
    seq:
      - id: key
        type: key(key_before)
      - id: etag_type
        type: u1
        enum: etag_type
        valid:
          in-enum: true
      - id: flags
        type: record_flags
        valid:
          expr: _.local_form != local_form::none or _.has_remote_size
        doc: Without a local size the remote size is given.
      - id: extras
        type: extras
        if: flags.has_extras
        valid:
          expr: _.has_version or _.has_parts
      - id: etag_md5
        size: 16
        if: etag_type == etag_type::md5
      - id: etag_text
        type: text(0, 1024)
        if: etag_type == etag_type::other
      - id: mtime
        type: signed_sum(mtime_before)
        if: has_local_stamp
        valid:
          expr: _.value != 0 or flags.local_form != local_form::ctime_is_mtime
        doc: Modification time, nanoseconds since 1970-01-01 UTC.
      - id: local_size
        type: size
        if: has_local_stamp
      - id: inode
        type: unsigned_sum(inode_before)
        if: has_local_stamp
      - id: given_ctime
        type: signed_sum(ctime_before)
        if: flags.local_form == local_form::ctime_given
        valid:
          expr: _.value != 0 and (_.value != mtime.value or has_short_integers)
        doc: Inode change time, nanoseconds since 1970-01-01 UTC.
      - id: given_remote_size
        type: size
        if: flags.has_remote_size
        valid:
          expr: not has_local_stamp or _.value != local_size.value
      - id: last_modified
        type: signed_sum(last_modified_before)
        doc: Milliseconds since 1970-01-01 UTC, as listed.
      - id: version_id
        type: text(1, 1024)
        if: flags.has_extras and extras.has_version
      - id: blake3
        size: 20
        if: flags.content != content::unknown
        doc: The first 20 bytes of the BLAKE3 of the file's bytes.
      - id: part_size
        type: part_size
        if: flags.has_extras and extras.has_parts
      - id: part_count
        type: varint
        if: flags.has_extras and extras.has_parts
        valid:
          expr: _.value >= 1 and _.value <= 10000
      - id: parts
        size: 16
        repeat: expr
        repeat-expr: part_count.value
        if: flags.has_extras and extras.has_parts
        doc: The first 16 bytes of the BLAKE3 of each part's bytes.
    instances:
      has_local_stamp:
        value: flags.local_form != local_form::none
      has_short_integers:
        doc: Whether numbers of 64 bits are rounded in the target language, as they are in JavaScript.
        value: 0x20_0000_0000_0001 == 0x20_0000_0000_0000
      ctime:
        doc: Inode change time, nanoseconds since 1970-01-01 UTC; 0 where the stamp is not to be trusted.
        value: |
          flags.local_form == local_form::ctime_zero ? 0
          : (flags.local_form == local_form::ctime_is_mtime ? mtime.value : given_ctime.value)
        if: has_local_stamp
      remote_size:
        doc: Bytes.
        value: 'flags.has_remote_size ? given_remote_size.value : local_size.value'
      mtime_after:
        value: 'has_local_stamp ? mtime.value : mtime_before'
      inode_after:
        value: 'has_local_stamp ? inode.value : inode_before'
      ctime_after:
        value: |
          flags.local_form == local_form::ctime_is_mtime ? mtime.value
          : (flags.local_form == local_form::ctime_given ? given_ctime.value : ctime_before)
  record_flags:
    seq:
      - id: local_form
        type: b2
        enum: local_form
      - id: has_remote_size
        type: b1
        doc: Without it the remote size is the local size.
      - id: content
        type: b2
        enum: content
        valid:
          in-enum: true
      - id: encoding
        type: b2
        enum: encoding
      - id: has_extras
        type: b1
  extras:
    seq:
      - id: has_version
        type: b1
      - id: has_parts
        type: b1
      - id: reserved
        type: b6
        valid: 0

  # -- End block, section 6.8 ------------------------------------------------------------------------
  end_block:
    doc-ref: FORMAT.md, section 6.8
    seq:
      - id: head
        type: head(control::end)
      - id: payload
        size: head.length
        type: end(_parent)
        valid:
          expr: _._io.eof
      - id: tail
        type: tail(control::end_end)
  end:
    params:
      - id: state
        type: state_v2
    seq:
      - id: buckets
        type: u4
        valid: state.bucket_count
      - id: maps
        type: u4
        valid: state.map_count
      - id: objects_blocks
        type: u8
        valid: state.block_count
      - id: records
        type: u8
        valid: state.record_count
      - id: checksum
        type: u4
        doc: |
          CRC-32 over the checksums (4 bytes each, as stored) of all blocks from the identity block to
          the last before this one.

  # -- Journal, section 12 ---------------------------------------------------------------------------
  journal:
    doc: What a run has finished since the state file of this replica and generation was written.
    doc-ref: FORMAT.md, section 12
    seq:
      - id: identity
        type: identity_block
      - id: next
        type: look_ahead(_io.pos)
      - id: entries
        type: entry_block
        repeat: until
        repeat-until: not (_.next.control == control::objects and _.next.is_whole_block)
        if: next.control == control::objects and next.is_whole_block
      - id: torn
        size-eos: true
        doc: |
          What a crash left of an entry. It is ignored, as are an entry with a wrong checksum and all
          that follows it.
  entry_block:
    seq:
      - id: head
        type: head(control::objects)
      - id: payload
        size: head.length
        type: entry
        valid:
          expr: _._io.eof
      - id: tail
        type: tail(control::objects_end)
      - id: next
        type: look_ahead(_io.pos)
  entry:
    seq:
      - id: type
        type: u1
        enum: entry_type
        valid:
          in-enum: true
      - id: map_id
        size: 8
      - id: record
        type: record(_io.pos, "", 0, 0, 0, 0)
        if: type == entry_type::upsert
      - id: removal
        type: key("")
        if: type == entry_type::removal
      - id: upload
        type: upload
        if: type == entry_type::upload
      - id: intent
        type: intent
        if: type == entry_type::intent
  upload:
    seq:
      - id: key
        type: key("")
      - id: upload_id
        type: text(1, 4096)
      - id: part_size
        type: part_size
      - id: local_size
        type: size
        doc: This and the next three are the file's stamp when the upload began.
      - id: mtime
        type: s8
      - id: ctime
        type: s8
      - id: inode
        type: u8
      - id: write_id
        size: 16
        doc: The one that the object is to carry.
  intent:
    seq:
      - id: record
        type: record(_io.pos, "", 0, 0, 0, 0)
        doc: Of the object it has the size and, of a copy, the source's ETag.
      - id: write_id
        size: 16
        doc: The one that the object is to carry.
      - id: origin
        type: u1
        enum: origin
        valid:
          in-enum: true
      - id: crc64
        type: u8
        if: origin == origin::sent
        doc: CRC-64/NVME of the object.
      - id: source
        type: key("")
        if: origin == origin::copied
        doc: The key of the object that is copied.

  # -- Version 1, annex A ----------------------------------------------------------------------------
  state_v1:
    doc: Read only. No block has a length or a checksum, and a string ends with one NUL byte.
    doc-ref: FORMAT.md, annex A
    seq:
      - id: metadata
        contents: [0x9a]
      - id: last_synced
        type: u8
        doc: Milliseconds since 1970-01-01 UTC.
      - id: metadata_end
        contents: [0x9b]
      - id: buckets
        type: bucket_v1
        repeat: eos
        valid:
          expr: _index < 1024
  bucket_v1:
    doc: Maps and objects stand in any order.
    seq:
      - id: control
        contents: [0x90]
      - id: name
        type: string_v1(1, 255)
      - id: items
        type: item_v1
        repeat: until
        repeat-until: _.control == control::bucket_end
        doc: The last one is the control byte that ends the bucket.
  item_v1:
    seq:
      - id: control
        type: u1
        enum: control
        valid:
          any-of:
            - control::map
            - control::objects
            - control::bucket_end
      - id: map
        type: map_v1
        if: control == control::map
      - id: object
        type: object_v1
        if: control == control::objects
  map_v1:
    seq:
      - id: local_path
        type: string_v1(1, 4096)
        valid:
          expr: _.value.substring(0, 1) == "/"
      - id: key_prefix
        type: string_v1(0, 1024)
        valid:
          expr: |
            _.value == "" or _.value.substring(0, 1) != "/"
            or _.value.substring(_.value.length - 1, _.value.length) == "/"
        doc: |
          Does not begin with `/` unless it is nothing but `/` (checked only where it does not end with
          one).
      - id: gzip_level
        type: u1
        valid:
          max: 11
      - id: recursive
        type: u1
        valid:
          max: 1
      - id: encryption_on
        type: u1
        valid:
          max: 1
      - id: next
        type: look_ahead(_io.pos)
      - id: email
        type: string_v1(0, 1024)
        if: encryption_on == 1 or next.control != control::map_end
        doc: The published text has it always; the original program only where encryption is on.
      - id: end
        contents: [0x93]
  object_v1:
    seq:
      - id: key
        type: string_v1(0, 4096)
        doc: With the map's prefix.
      - id: last_modified
        type: u8
        valid:
          max: '0x7fff_ffff_ffff_ffff'
        doc: Milliseconds since 1970-01-01 UTC.
      - id: etag_type
        type: u1
        enum: etag_type
        valid:
          in-enum: true
      - id: etag_md5
        size: 16
        if: etag_type == etag_type::md5
      - id: etag_text
        type: string_v1(0, 1024)
        if: etag_type == etag_type::other
      - id: size
        type: u8
        valid:
          max: '0x7fff_ffff_ffff_ffff'
      - id: end
        contents: [0x95]
  string_v1:
    params:
      - id: min
        type: u2
      - id: max
        type: u2
    seq:
      - id: bytes
        terminator: 0
        valid:
          expr: _.length >= min and _.length <= max
    instances:
      value:
        value: bytes.to_s("UTF-8")
