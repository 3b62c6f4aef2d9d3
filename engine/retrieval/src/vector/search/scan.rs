use super::Candidate;
use super::best::Best;
use crate::vector::error::VectorError;
use crate::vector::index::{Block, VectorIndex};
use crate::vector::kernel::{CodeQuery, dot_rows_codes, dot_rows_i8_i16};
use crate::vector::quantize::QuantizedQuery;
use std::sync::Arc;

/// Says of each segment whether its rows take part. It has to give the same answer each time.
pub type Allow<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// Rows whose integer products are computed in one go: their scores stay in the first-level cache.
const BATCH_ROWS: usize = 1024;

/// A search that can be interrupted: the first phase of [`candidates`](super::candidates) in steps.
///
/// It reads the index as it was when the scan began, whatever happens to it meanwhile.
pub struct Scan<'a> {
    query: QuantizedQuery,
    /// The query once more, for an index of codes.
    codes: Option<CodeQuery>,
    row_bytes: usize,
    allow: Option<Allow<'a>>,
    blocks: Vec<Arc<Block>>,
    next: Position,
    pieces: Vec<Piece>,
    products: Vec<i32>,
    best: Best,
}

/// The row to look at next.
#[derive(Clone, Copy, Default)]
struct Position {
    block: usize,
    run: usize,
    /// Rows of the run that were looked at.
    row: u32,
}

/// Neighbouring rows of one segment: rows `n` to `n + count` of it, which are rows `start …` of the block.
struct Piece {
    segment: u64,
    n: u32,
    start: u32,
    count: u32,
}

impl<'a> Scan<'a> {
    /// A scan of all rows of `index` for the `k` best; nothing has been read yet.
    ///
    /// # Errors
    /// As [`candidates`](super::candidates).
    pub fn new(
        index: &VectorIndex,
        query: &[f32],
        k: usize,
        allow: Option<Allow<'a>>,
    ) -> Result<Self, VectorError> {
        if query.len() != index.dim() {
            return Err(VectorError::Dim { expected: index.dim(), found: query.len() });
        }
        let query = QuantizedQuery::new(query)?;
        Ok(Self {
            codes: index.is_packed().then(|| CodeQuery::new(query.values())),
            row_bytes: index.row_bytes(),
            query,
            allow,
            blocks: if k == 0 { Vec::new() } else { index.blocks().cloned().collect() },
            next: Position::default(),
            pieces: Vec::new(),
            products: Vec::new(),
            best: Best::new(k),
        })
    }

    /// Looks at up to `rows_max` more rows (at least one) and says whether there are more.
    ///
    /// 10,000 rows of 256 values take about 0.2 ms natively.
    pub fn step(&mut self, rows_max: usize) -> bool {
        let mut left = rows_max.max(1);
        while left > 0 {
            let Some((block, passed)) = self.next_batch(left.min(BATCH_ROWS)) else { return false };
            self.scan_batch(&block);
            left = left.saturating_sub(passed);
        }
        self.next.block < self.blocks.len()
    }

    /// Looks at the remaining rows, if any, and returns every row that may be among the best.
    #[must_use]
    pub fn finish(mut self) -> Vec<Candidate> {
        while self.step(usize::MAX) {}
        self.best.into_candidates(self.query.is_zero())
    }

    /// Fills `pieces` with the next rows that lie side by side and take part, `rows_max` at most. Returns their block
    /// and how many rows were passed, those left out included; `None` at the end.
    fn next_batch(&mut self, rows_max: usize) -> Option<(Arc<Block>, usize)> {
        self.pieces.clear();
        let block = Arc::clone(self.blocks.get(self.next.block)?);
        let mut passed = 0;
        while let Some(run) = block.runs().get(self.next.run) {
            let start = run.start + self.next.row;
            let follows = self.pieces.last().is_none_or(|last| last.start + last.count == start);
            if passed >= rows_max || !follows {
                return Some((block, passed));
            }
            let rest = run.count - self.next.row;
            if self.allow.is_some_and(|allow| !allow(run.segment)) {
                passed += 1;
                self.next.run += 1;
                continue;
            }
            let count = rest.min(u32::try_from(rows_max - passed).unwrap_or(u32::MAX));
            self.pieces.push(Piece { segment: run.segment, n: self.next.row, start, count });
            passed += count as usize;
            if count == rest {
                (self.next.run, self.next.row) = (self.next.run + 1, 0);
            } else {
                self.next.row += count;
            }
        }
        self.next = Position { block: self.next.block + 1, ..Position::default() };
        Some((block, passed))
    }

    fn scan_batch(&mut self, block: &Block) {
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else { return };
        let rows = first.start as usize..last.start as usize + last.count as usize;
        self.products.resize(rows.len(), 0);
        let values = &block.values()[rows.start * self.row_bytes..rows.end * self.row_bytes];
        match &self.codes {
            Some(query) => dot_rows_codes(bytemuck::cast_slice(values), query, &mut self.products),
            None => dot_rows_i8_i16(values, self.query.values(), &mut self.products),
        }
        let numbers = block.scales()[rows.clone()].iter().zip(&block.residuals()[rows.clone()]);
        let mut rows = self.products.iter().zip(numbers);
        for piece in &self.pieces {
            for (n, (&product, (&scale, &residual))) in (piece.n..piece.n + piece.count).zip(&mut rows) {
                let estimate = self.query.estimate(product, scale, residual);
                self.best.consider(piece.segment, n, estimate);
            }
        }
    }
}
