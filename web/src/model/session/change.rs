//! What a hand does to the run. Where it alters what somebody has seen, that course of events stays as a branch.

use netsplit_lab::scenario::{Action, Fault, Problems};
use netsplit_lab::{BranchFrame, Experiment};

use super::{CHUNK, Session};
use crate::model::console;

impl Session {
    /// Breaks something now. Gives the fault's index.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn inject(&mut self, fault: Fault) -> Result<usize, Problems> {
        let index = self.change(|x| x.inject(fault))?;
        self.settle();
        Ok(index)
    }

    /// Lets the operator do something now.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn act(&mut self, action: Action) -> Result<usize, Problems> {
        let index = self.change(|x| x.act(action))?;
        self.settle();
        Ok(index)
    }

    /// Has a client ask what a person typed, at a node: one that the node can be reached from, if there is any.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn ask(&mut self, line: &str, node: &str) -> Result<usize, String> {
        let frame = self.frame();
        let id = |name: &str| frame.nodes.iter().find(|known| known.name == name).map(|known| known.id);
        let Some(asked) = id(node) else { return Err(format!("There is no {node}.")) };
        let clients = || frame.nodes.iter().filter(|known| known.client);
        let apart = |client: u32| {
            let side = |sides: &Vec<Vec<u32>>, id: u32| sides.iter().position(|side| side.contains(&id));
            frame.partitions.iter().any(|cut| side(&cut.sides, client) != side(&cut.sides, asked))
        };
        let client = clients().find(|client| !apart(client.id)).or_else(|| clients().next());
        let Some(client) = client else { return Err("There is no client that could ask.".to_owned()) };
        let operation = console::parse(line, node, &client.name)?;
        let index = self.change(|x| x.operate(operation)).map_err(|problems| problems.to_string())?;
        self.settle();
        Ok(index)
    }

    /// Ends a fault now.
    ///
    /// # Errors
    /// Where there are as many branches as there may be.
    pub fn heal(&mut self, index: usize) -> Result<(), Problems> {
        self.change(|x| {
            x.end_fault(index);
            Ok(())
        })?;
        self.settle();
        Ok(())
    }

    /// Ends every fault that is in force. Gives how many there were.
    ///
    /// # Errors
    /// Where there are as many branches as there may be.
    pub fn heal_all(&mut self) -> Result<usize, Problems> {
        let active = self.active();
        self.change(|x| {
            active.iter().for_each(|index| x.end_fault(*index));
            Ok(())
        })?;
        self.settle();
        Ok(active.len())
    }

    /// Puts another fault in a fault's place. While a hand shapes one fault, all its steps make one branch.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn edit_fault(&mut self, index: usize, fault: Fault) -> Result<(), Problems> {
        self.shape(index, |x| x.edit_fault(index, fault))
    }

    /// Takes a fault out of the run.
    ///
    /// # Errors
    /// Where there are as many branches as there may be.
    pub fn remove(&mut self, index: usize) -> Result<(), Problems> {
        self.shape(index, |x| {
            x.remove_fault(index);
            Ok(())
        })
    }

    fn shape(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut Experiment) -> Result<(), Problems>,
    ) -> Result<(), Problems> {
        if self.shaping == Some((self.lines.shown(), index)) {
            self.interrupt();
            self.lines.amend(change)?;
            return self.pair();
        }
        self.change(change)?;
        self.shaping = self.left.is_some().then(|| (self.lines.shown(), index));
        Ok(())
    }

    /// Another course of events that does not differ yet.
    ///
    /// # Errors
    /// Where there are as many as there may be.
    pub fn fork(&mut self) -> Result<u32, Problems> {
        self.interrupt();
        self.shaping = None;
        let id = self.lines.fork()?;
        self.seen = self.now();
        self.pair()?;
        Ok(id)
    }

    /// Shows another course of events, at the same moment.
    ///
    /// # Errors
    /// What is wrong with a branch that a link brought along.
    pub fn show_branch(&mut self, id: u32) -> Result<(), Problems> {
        self.interrupt();
        self.shaping = None;
        let now = self.now();
        self.lines.switch(id)?;
        self.seen = self.lines.current().frontier();
        self.pair()?;
        self.seek(now);
        Ok(())
    }

    /// Gives a branch another name; false where that is taken or none.
    pub fn rename_branch(&mut self, id: u32, name: &str) -> bool {
        self.lines.rename(id, name)
    }

    /// Takes a branch out.
    ///
    /// # Errors
    /// What is wrong with its parent, if a link brought that along.
    pub fn delete_branch(&mut self, id: u32) -> Result<(), Problems> {
        self.interrupt();
        let (now, shown) = (self.now(), self.lines.shown());
        self.lines.delete(id)?;
        if self.lines.shown() != shown {
            self.seen = self.lines.current().frontier();
            self.seek(now);
        }
        self.pair()
    }

    /// A course of events.
    pub fn branch(&self, id: u32) -> Option<BranchFrame> {
        self.lines.list().into_iter().find(|branch| branch.id == id)
    }

    /// The name of the branch that the latest change has made, once.
    pub fn take_left(&mut self) -> Option<String> {
        self.left.take()
    }

    fn change<R>(
        &mut self,
        change: impl FnOnce(&mut Experiment) -> Result<R, Problems>,
    ) -> Result<R, Problems> {
        self.interrupt();
        self.shaping = None;
        if self.seen <= self.now() {
            self.lines.forget_the_future();
        }
        let (answer, left) = self.lines.act(change)?;
        self.left = left.and_then(|id| self.branch(id)).map(|branch| branch.name);
        self.seen = self.now();
        self.pair()?;
        Ok(answer)
    }

    /// The run is about to become another one from here on.
    fn interrupt(&mut self) {
        (self.goal, self.hunt) = (None, None);
    }

    /// What a hand did takes effect a nanosecond after the cursor: while the run stands still, it is shown at once.
    fn settle(&mut self) {
        if !self.playback.playing {
            let next = self.lines.current().now() + 1;
            self.lines.current_mut().advance(next, CHUNK);
            self.follow();
            self.seen = self.seen.max(next);
        }
    }
}
