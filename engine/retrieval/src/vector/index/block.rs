use crate::vector::segment::SegmentVectors;
use std::mem::size_of;

/// Rows of one or more segments, one after the other: int8 values, or codes four a byte. A removed segment leaves a hole
/// that no run names.
#[derive(Clone, Debug)]
pub(in crate::vector) struct Block {
    values: Vec<i8>,
    scales: Vec<f32>,
    residuals: Vec<f32>,
    /// By ascending start.
    runs: Vec<Run>,
}

/// The rows of one segment: `count` from row `start` of the block, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vector) struct Run {
    pub(in crate::vector) segment: u64,
    pub(in crate::vector) start: u32,
    pub(in crate::vector) count: u32,
}

impl Block {
    pub(super) fn from_segment(segment: SegmentVectors) -> Self {
        let run = Run { segment: segment.id(), start: 0, count: segment.len() as u32 };
        let SegmentVectors { values, scales, residuals, .. } = segment;
        Self { values, scales, residuals, runs: if run.count == 0 { Vec::new() } else { vec![run] } }
    }

    /// All rows, holes included.
    pub(in crate::vector) fn rows(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn live_rows(&self) -> usize {
        self.runs.iter().map(|run| run.count as usize).sum()
    }

    pub(in crate::vector) fn runs(&self) -> &[Run] {
        &self.runs
    }

    pub(in crate::vector) fn values(&self) -> &[i8] {
        &self.values
    }

    pub(in crate::vector) fn scales(&self) -> &[f32] {
        &self.scales
    }

    pub(in crate::vector) fn residuals(&self) -> &[f32] {
        &self.residuals
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.values.capacity()
            + size_of::<f32>() * (self.scales.capacity() + self.residuals.capacity())
            + size_of::<Run>() * self.runs.capacity()
    }

    /// Adds the rows of another block behind the own ones. Both together must have fewer than 2³² rows.
    pub(super) fn append(&mut self, other: &Self) {
        let shift = self.rows() as u32;
        self.values.extend_from_slice(&other.values);
        self.scales.extend_from_slice(&other.scales);
        self.residuals.extend_from_slice(&other.residuals);
        self.runs.extend(other.runs.iter().map(|run| Run { start: run.start + shift, ..*run }));
    }

    /// Forgets a segment and says how many rows it had.
    pub(super) fn remove(&mut self, segment: u64) -> usize {
        let Some(at) = self.runs.iter().position(|run| run.segment == segment) else { return 0 };
        self.runs.remove(at).count as usize
    }

    /// The rows of one run as a block of their own.
    pub(super) fn copy_run(&self, run: &Run, row_bytes: usize) -> Self {
        let rows = run.start as usize..run.start as usize + run.count as usize;
        Self {
            values: self.values[rows.start * row_bytes..rows.end * row_bytes].to_vec(),
            scales: self.scales[rows.clone()].to_vec(),
            residuals: self.residuals[rows].to_vec(),
            runs: vec![Run { start: 0, ..*run }],
        }
    }

    /// Gives back what was reserved for more rows.
    pub(super) fn shrink(&mut self) {
        self.values.shrink_to_fit();
        self.scales.shrink_to_fit();
        self.residuals.shrink_to_fit();
        self.runs.shrink_to_fit();
    }
}
