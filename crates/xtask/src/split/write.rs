//! The first module and the parts, written.
//!
//! The first module keeps the memory, the tables, the globals and all data. A function that is elsewhere and can be
//! reached from it has a place in its table; what stands there at first asks for the part (`need`) and calls that place
//! again. A part puts its own functions into these places when it is instantiated, so that afterwards calls through the
//! table are as they were.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, ImportSection, MemorySection, TableSection, TypeSection,
    ValType,
};

use super::module::Module;
use super::plan::Plan;

/// The module name under which parts import from the first module, and it what brings parts.
pub const LINK: &str = "netsplit";
/// What brings a part, by its number.
const NEED: &str = "need";

/// How the pieces hang together.
pub struct Links<'a, 'b> {
    module: &'b Module<'a>,
    plan: &'b Plan,
    /// Where in the table a function of a part stands.
    slots: BTreeMap<u32, Vec<u32>>,
    /// The functions that the table got in addition, after its own.
    added: Vec<u32>,
    /// What parts import of the first module: functions of its own, and of other parts.
    shared: BTreeSet<u32>,
}

impl<'a, 'b> Links<'a, 'b> {
    /// Finds out who calls whom across a border.
    pub fn new(module: &'b Module<'a>, plan: &'b Plan) -> Result<Self, String> {
        let table = module.tables.first().ok_or("there is no table")?;
        let end = module.base + module.slots.len() as u32;
        if u64::from(end) != table.initial {
            return Err("the table is longer than its functions".into());
        }
        let mut slots: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (at, function) in (module.base..).zip(&module.slots) {
            if plan.place[*function as usize].is_some() {
                slots.entry(*function).or_default().push(at);
            }
        }
        let (mut added, mut shared) = (Vec::new(), BTreeSet::new());
        for caller in module.imported..module.functions.len() as u32 {
            let here = plan.place[caller as usize];
            for callee in module.calls_of(caller) {
                let there = plan.place[*callee as usize];
                if there == here {
                    continue;
                }
                if here.is_some() {
                    shared.insert(*callee);
                }
                if there.is_some() && !slots.contains_key(callee) {
                    slots.insert(*callee, vec![end + added.len() as u32]);
                    added.push(*callee);
                }
            }
        }
        Ok(Self { module, plan, slots, added, shared })
    }

    /// The module that is fetched at once.
    pub fn first(&self) -> Result<Vec<u8>, String> {
        let module = self.module;
        let mut own: Vec<u32> = (0..module.imported).collect();
        own.extend(self.defined(None));
        let mut pen = Pen::new(module, |at| u32::from(at >= module.imported), &own);
        // What stands in for functions of parts comes last.
        let after = own.len() as u32 + 1;
        pen.functions.extend(self.slots.keys().copied().zip(after..));

        let mut imports = ImportSection::new();
        for import in &module.imports {
            let wasmparser::TypeRef::Func(ty) = import.ty else { continue };
            imports.import(import.module, import.name, EntityType::Function(pen.ty(ty)));
        }
        let need = module.imported;
        let need_type = module.types.len() as u32;
        imports.import(LINK, NEED, EntityType::Function(pen.ty(need_type)));

        let (mut functions, mut code) = pen.bodies(self.defined(None))?;
        for (function, slots) in &self.slots {
            let ty = module.functions[*function as usize];
            functions.function(pen.ty(ty));
            let mut stub = Function::new([]);
            let part = self.plan.place[*function as usize].unwrap_or_default();
            let mut sink = stub.instructions();
            sink.i32_const(part as i32).call(need);
            for at in 0..module.types[ty as usize].params().len() as u32 {
                sink.local_get(at);
            }
            sink.i32_const(slots[0] as i32).call_indirect(0, pen.ty(ty)).end();
            code.function(&stub);
        }

        let mut tables = TableSection::new();
        for (at, table) in module.tables.iter().enumerate() {
            let mut table = pen.table_type(*table).map_err(trouble)?;
            if at == 0 {
                table.minimum += self.added.len() as u64;
                table.maximum = table.maximum.map(|most| most + self.added.len() as u64);
            }
            tables.table(table);
        }
        let mut memories = MemorySection::new();
        memories.memory(pen.memory_type(module.memory).map_err(trouble)?);
        let mut globals = GlobalSection::new();
        for global in &module.globals {
            pen.parse_global(&mut globals, global.clone()).map_err(trouble)?;
        }
        let mut exports = ExportSection::new();
        for export in &module.exports {
            pen.parse_export(&mut exports, *export).map_err(trouble)?;
        }
        for (name, function) in self.shared.iter().enumerate() {
            exports.export(&name.to_string(), ExportKind::Func, pen.functions[function]);
        }
        for at in 0..module.tables.len() as u32 {
            exports.export(&format!("t{at}"), ExportKind::Table, at);
        }
        for at in 0..module.globals.len() as u32 {
            exports.export(&format!("g{at}"), ExportKind::Global, at);
        }
        let mut elements = ElementSection::new();
        let all = module.slots.iter().chain(&self.added).map(|function| pen.functions[function]);
        let all: Vec<u32> = all.collect();
        elements.active(None, &ConstExpr::i32_const(module.base as i32), Elements::Functions(all.into()));
        let mut data = DataSection::new();
        for (address, bytes) in &module.data {
            data.active(0, &ConstExpr::i32_const(*address as i32), bytes.iter().copied());
        }

        let mut out = wasm_encoder::Module::new();
        out.section(&pen.types()?).section(&imports).section(&functions).section(&tables).section(&memories);
        out.section(&globals).section(&exports).section(&elements).section(&code).section(&data);
        checked(out.finish())
    }

    /// A part: it imports from the first module all that it does not have.
    pub fn part(&self, part: usize) -> Result<Vec<u8>, String> {
        let module = self.module;
        let own: Vec<u32> = self.defined(Some(part)).collect();
        let called: BTreeSet<u32> = own.iter().flat_map(|at| module.calls_of(*at)).copied().collect();
        let foreign: Vec<u32> =
            called.into_iter().filter(|at| self.plan.place[*at as usize] != Some(part)).collect();
        let all: Vec<u32> = foreign.iter().chain(&own).copied().collect();
        let mut pen = Pen::new(module, |_| 0, &all);

        let mut imports = ImportSection::new();
        for at in &foreign {
            let name = self.shared.iter().position(|shared| shared == at).ok_or("an import is not shared")?;
            let ty = pen.ty(module.functions[*at as usize]);
            imports.import(LINK, &name.to_string(), EntityType::Function(ty));
        }
        for (at, table) in module.tables.iter().enumerate() {
            let mut table = pen.table_type(*table).map_err(trouble)?;
            // At least, at most: the first module's is what counts.
            (table.minimum, table.maximum) = (0, None);
            imports.import(LINK, &format!("t{at}"), EntityType::Table(table));
        }
        let memory =
            wasm_encoder::MemoryType { minimum: 0, ..pen.memory_type(module.memory).map_err(trouble)? };
        imports.import(LINK, "memory", EntityType::Memory(memory));
        for (at, global) in module.globals.iter().enumerate() {
            let ty = pen.global_type(global.ty).map_err(trouble)?;
            imports.import(LINK, &format!("g{at}"), EntityType::Global(ty));
        }
        let (functions, code) = pen.bodies(own.iter().copied())?;
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        for (function, slots) in &self.slots {
            if self.plan.place[*function as usize] == Some(part) {
                places.extend(slots.iter().map(|slot| (*slot, pen.functions[function])));
            }
        }
        let mut elements = ElementSection::new();
        let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
        for (slot, function) in places {
            match runs.last_mut() {
                Some((start, run)) if *start + run.len() as u32 == slot => run.push(function),
                _ => runs.push((slot, vec![function])),
            }
        }
        for (start, run) in runs {
            elements.active(None, &ConstExpr::i32_const(start as i32), Elements::Functions(run.into()));
        }
        let mut out = wasm_encoder::Module::new();
        out.section(&pen.types()?).section(&imports).section(&functions).section(&elements).section(&code);
        checked(out.finish())
    }

    /// The functions with a body that are in a part, or in the first module.
    fn defined(&self, part: Option<usize>) -> impl Iterator<Item = u32> {
        let all = self.module.imported..self.module.functions.len() as u32;
        let unplaced = move |at: &u32| self.plan.place[*at as usize] == part;
        all.filter(unplaced)
    }
}

/// Renumbers what it writes: functions by a table, types in the order in which they are used.
struct Pen<'a, 'b> {
    module: &'b Module<'a>,
    functions: BTreeMap<u32, u32>,
    types: Vec<u32>,
}

impl<'a, 'b> Pen<'a, 'b> {
    /// Functions get numbers in this order; `shift` leaves room before them.
    fn new(module: &'b Module<'a>, shift: impl Fn(u32) -> u32, order: &[u32]) -> Self {
        let functions = order.iter().zip(0..).map(|(old, new)| (*old, new + shift(*old))).collect();
        Self { module, functions, types: Vec::new() }
    }

    fn ty(&mut self, old: u32) -> u32 {
        let at = self.types.iter().position(|known| *known == old).unwrap_or_else(|| {
            self.types.push(old);
            self.types.len() - 1
        });
        at as u32
    }

    fn bodies(&mut self, own: impl Iterator<Item = u32>) -> Result<(FunctionSection, CodeSection), String> {
        let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
        for at in own {
            let ty = self.ty(self.module.functions[at as usize]);
            functions.function(ty);
            let body = self.module.bodies[(at - self.module.imported) as usize].clone();
            self.parse_function_body(&mut code, body).map_err(trouble)?;
        }
        Ok((functions, code))
    }

    /// The types that were used; the one after the module's own is that of `need`.
    fn types(&mut self) -> Result<TypeSection, String> {
        let mut section = TypeSection::new();
        for old in self.types.clone() {
            match self.module.types.get(old as usize) {
                Some(ty) => {
                    let ty = self.func_type(ty.clone()).map_err(trouble)?;
                    section.ty().func_type(&ty);
                }
                None => section.ty().function([ValType::I32], []),
            }
        }
        Ok(section)
    }
}

impl Reencode for Pen<'_, '_> {
    type Error = String;

    fn function_index(&mut self, func: u32) -> Result<u32, Error<String>> {
        let new = self.functions.get(&func).copied();
        new.ok_or_else(|| Error::UserError(format!("function {func} is out of reach")))
    }

    fn type_index(&mut self, ty: u32) -> Result<u32, Error<String>> {
        Ok(self.ty(ty))
    }

    fn data_index(&mut self, _: u32) -> Result<u32, Error<String>> {
        Err(Error::UserError("data segments are used by number".into()))
    }

    fn element_index(&mut self, _: u32) -> Result<u32, Error<String>> {
        Err(Error::UserError("element segments are used by number".into()))
    }
}

fn trouble(error: Error<String>) -> String {
    format!("{error}")
}

/// What no browser would take is not written.
fn checked(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    wasmparser::Validator::new().validate_all(&bytes).map_err(|error| format!("written in vain: {error}"))?;
    Ok(bytes)
}
