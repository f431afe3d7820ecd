//! The proof: a table is a set of boxes in a finite space; subtract them and look at what is left.
//!
//! Every measure is cut at the bounds that any row names, so the space is finite and the answer is
//! exact, not sampled. 64 rows, 12 inputs and 4,096 boxes keep it finite in time as well.

use crate::rulebook::{Cond, Domain, Rulebook, Test, written};

/// Most boxes that may be left over while rows are subtracted.
pub(crate) const MAX_BOXES: usize = 4096;

/// Atoms of one input as a bit set: 64 rows cut a measure into at most 129.
type Set = [u64; 3];
/// One set of atoms for each input.
pub(crate) type Block = Vec<Set>;

/// One input with its atoms.
struct Dim {
    name: String,
    atoms: Vec<Atom>,
}

enum Atom {
    /// Position in a `Bool` or `Choice` domain.
    Position(u8),
    /// Interval, both ends included.
    Between(i64, i64),
}

/// The inputs of one table, cut into atoms.
pub(crate) struct Space {
    dims: Vec<Dim>,
}

/// Too many boxes: the proof is given up, and that is itself a finding.
pub(crate) struct TooComplex;

/// What the proof found.
#[derive(Default)]
pub(crate) struct Proof {
    /// Combinations that no row covers.
    pub(crate) gaps: Vec<Block>,
    /// Rows that never apply, because earlier rows cover them or the start excludes them.
    pub(crate) dead: Vec<usize>,
    /// Pairs of rows that both fit somewhere.
    pub(crate) overlaps: Vec<(usize, usize, Block)>,
}

impl Space {
    /// Cuts the inputs at the bounds of `rows`; `inputs` names them in the order of the conditions.
    pub(crate) fn new(
        inputs: &[String],
        rows: &[Vec<Cond>],
        domain: impl Fn(&str) -> Option<Domain>,
    ) -> Space {
        let dims = inputs
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let atoms = match domain(name) {
                    Some(Domain::Int { min, max, .. }) => {
                        // Each cut starts an atom.
                        let mut cuts = vec![min];
                        for cond in rows.iter().flatten().filter(|c| c.input == at) {
                            if let Test::Between(low, high) = cond.test {
                                cuts.push(low);
                                cuts.push(high.saturating_add(1));
                            }
                        }
                        cuts.retain(|c| min <= *c && *c <= max);
                        cuts.sort_unstable();
                        cuts.dedup();
                        let ends = cuts.iter().skip(1).map(|next| next - 1).chain([max]);
                        cuts.iter().zip(ends).map(|(low, high)| Atom::Between(*low, high)).collect()
                    }
                    Some(Domain::Choice(options)) => {
                        (0..options.len()).filter_map(|p| u8::try_from(p).ok()).map(Atom::Position).collect()
                    }
                    Some(Domain::Bool) => vec![Atom::Position(0), Atom::Position(1)],
                    None => Vec::new(),
                };
                Dim { name: name.clone(), atoms }
            })
            .collect();
        Space { dims }
    }

    /// Everything.
    pub(crate) fn full(&self) -> Block {
        self.dims.iter().map(|dim| set_of(0..dim.atoms.len())).collect()
    }

    /// What a row covers.
    pub(crate) fn block(&self, row: &[Cond]) -> Block {
        let mut block = self.full();
        for cond in row {
            if let (Some(dim), Some(set)) = (self.dims.get(cond.input), block.get_mut(cond.input)) {
                let allowed =
                    dim.atoms.iter().enumerate().filter(|(_, atom)| allows(cond.test, atom)).map(|(i, _)| i);
                *set = and(set, &set_of(allowed));
            }
        }
        block
    }

    /// Subtracts the rows, in this order, from `start`.
    pub(crate) fn prove(&self, start: Block, rows: &[(usize, Block)]) -> Result<Proof, TooComplex> {
        let mut proof = Proof::default();
        let mut left = vec![start.clone()];
        for (at, (row, block)) in rows.iter().enumerate() {
            let inside = meet(&start, block);
            for (other, earlier) in rows.iter().take(at) {
                if let Some(both) = inside.as_ref().and_then(|i| meet(i, earlier)) {
                    proof.overlaps.push((*other, *row, both));
                }
            }
            let mut covers = false;
            let mut rest = Vec::with_capacity(left.len());
            for piece in left {
                if meet(&piece, block).is_none() {
                    rest.push(piece);
                } else {
                    covers = true;
                    subtract(piece, block, &mut rest);
                }
                if rest.len() > MAX_BOXES {
                    return Err(TooComplex);
                }
            }
            left = rest;
            if !covers {
                proof.dead.push(*row);
            }
        }
        proof.gaps = left;
        Ok(proof)
    }

    /// A box as a Chinese phrase; inputs that do not matter are left out.
    pub(crate) fn phrase(&self, block: &Block, book: &Rulebook) -> String {
        let mut parts = Vec::new();
        for (dim, set) in self.dims.iter().zip(block) {
            let inside: Vec<&Atom> =
                dim.atoms.iter().enumerate().filter(|(i, _)| has(set, *i)).map(|(_, a)| a).collect();
            if inside.len() == dim.atoms.len() {
                continue;
            }
            parts.push(match inside.as_slice() {
                [Atom::Between(..), ..] => {
                    let (unit, label, decimals) = book
                        .fact(&dim.name)
                        .map_or(("", dim.name.as_str(), 0), |f| (f.unit.as_str(), f.title(), f.decimals));
                    let spans: Vec<String> = spans(&inside)
                        .into_iter()
                        .map(|(low, high)| {
                            let (low, high) = (written(low, decimals), written(high, decimals));
                            if low == high { format!("{low}{unit}") } else { format!("{low}至{high}{unit}") }
                        })
                        .collect();
                    format!("{label}（{}）为{}", dim.name, spans.join("、"))
                }
                atoms => {
                    let words: Vec<String> = atoms.iter().map(|a| word(book, &dim.name, a)).collect();
                    format!("{}={}", dim.name, words.join("|"))
                }
            });
        }
        if parts.is_empty() { "任何情况".to_owned() } else { parts.join("，") }
    }
}

fn word(book: &Rulebook, name: &str, atom: &Atom) -> String {
    match (atom, book.domain(name)) {
        (Atom::Position(p), Some(Domain::Choice(options))) => {
            options.get(usize::from(*p)).cloned().unwrap_or_default()
        }
        (Atom::Position(p), _) => (*p == 1).to_string(),
        (Atom::Between(low, high), _) => format!("{low}..{high}"),
    }
}

/// Neighbouring intervals joined.
fn spans(atoms: &[&Atom]) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for atom in atoms {
        if let Atom::Between(low, high) = atom {
            match spans.last_mut() {
                Some((_, end)) if end.saturating_add(1) == *low => *end = *high,
                _ => spans.push((*low, *high)),
            }
        }
    }
    spans
}

fn allows(test: Test, atom: &Atom) -> bool {
    match (test, atom) {
        (Test::Atoms(set), Atom::Position(p)) => set.checked_shr((*p).into()).unwrap_or(0) & 1 == 1,
        (Test::Between(low, high), Atom::Between(from, to)) => low <= *from && *to <= high,
        _ => false,
    }
}

fn set_of(atoms: impl Iterator<Item = usize>) -> Set {
    let mut set = [0; 3];
    for atom in atoms {
        if let Some(word) = set.get_mut(atom / 64) {
            *word |= 1 << (atom % 64);
        }
    }
    set
}

fn has(set: &Set, atom: usize) -> bool {
    set.get(atom / 64).is_some_and(|word| word >> (atom % 64) & 1 == 1)
}

fn and(a: &Set, b: &Set) -> Set {
    std::array::from_fn(|i| a.get(i).copied().unwrap_or(0) & b.get(i).copied().unwrap_or(0))
}

fn minus(a: &Set, b: &Set) -> Set {
    std::array::from_fn(|i| a.get(i).copied().unwrap_or(0) & !b.get(i).copied().unwrap_or(0))
}

/// What two boxes share, `None` when nothing.
pub(crate) fn meet(a: &Block, b: &Block) -> Option<Block> {
    a.iter()
        .zip(b)
        .map(|(x, y)| {
            let both = and(x, y);
            (both != [0; 3]).then_some(both)
        })
        .collect()
}

/// `piece` without `block`, as disjoint boxes.
pub(crate) fn subtract(mut piece: Block, block: &Block, out: &mut Vec<Block>) {
    for at in 0..piece.len() {
        let (Some(mine), Some(theirs)) = (piece.get(at).copied(), block.get(at)) else { continue };
        let outside = minus(&mine, theirs);
        if outside != [0; 3] {
            let mut part = piece.clone();
            if let Some(set) = part.get_mut(at) {
                *set = outside;
            }
            out.push(part);
        }
        if let Some(set) = piece.get_mut(at) {
            *set = and(&mine, theirs);
        }
    }
}
