//! A finished module taken apart: what the plan and the writer need to know of it.

use rustc_demangle::demangle;
use wasmparser::{
    DataKind, ElementItems, ElementKind, Export, FuncType, FunctionBody, Global, Import, KnownCustom,
    MemoryType, Name, Operator, Parser, Payload, TableType, TypeRef,
};

/// A module as wasm-bindgen and wasm-opt leave it: one memory, functions of one table in one segment.
pub struct Module<'a> {
    /// All function types.
    pub types: Vec<FuncType>,
    /// What JavaScript hands in, in order.
    pub imports: Vec<Import<'a>>,
    /// The type of each function; imported ones stand first.
    pub functions: Vec<u32>,
    /// How many functions are imported.
    pub imported: u32,
    /// All tables; functions are in the first.
    pub tables: Vec<TableType>,
    /// The memory.
    pub memory: MemoryType,
    /// All globals.
    pub globals: Vec<Global<'a>>,
    /// What is handed out.
    pub exports: Vec<Export<'a>>,
    /// Where the table's functions begin.
    pub base: u32,
    /// The table's functions.
    pub slots: Vec<u32>,
    /// The bodies of the functions that are not imported.
    pub bodies: Vec<FunctionBody<'a>>,
    /// Whom each function calls.
    pub calls: Vec<Vec<u32>>,
    /// Whom each function hands on: the methods of the tables (of `dyn` types) whose addresses it mentions.
    pub hands: Vec<Vec<u32>>,
    /// The name of each function, readable.
    pub names: Vec<String>,
    /// Initial memory: (address, bytes).
    pub data: Vec<(u32, &'a [u8])>,
}

impl<'a> Module<'a> {
    /// Reads a module; an error where it has what the splitting does not know.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let trouble = |error: wasmparser::BinaryReaderError| error.to_string();
        let mut module = Self {
            types: Vec::new(),
            imports: Vec::new(),
            functions: Vec::new(),
            imported: 0,
            tables: Vec::new(),
            memory: MemoryType {
                memory64: false,
                shared: false,
                initial: 0,
                maximum: None,
                page_size_log2: None,
            },
            globals: Vec::new(),
            exports: Vec::new(),
            base: 0,
            slots: Vec::new(),
            bodies: Vec::new(),
            calls: Vec::new(),
            hands: Vec::new(),
            names: Vec::new(),
            data: Vec::new(),
        };
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(trouble)? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        module.types.push(ty.map_err(trouble)?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(trouble)?;
                        let TypeRef::Func(ty) = import.ty else {
                            return Err(format!("{} is imported and no function", import.name));
                        };
                        module.functions.push(ty);
                        module.imports.push(import);
                    }
                    module.imported = module.functions.len() as u32;
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        module.functions.push(ty.map_err(trouble)?);
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        module.tables.push(table.map_err(trouble)?.ty);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        module.memory = memory.map_err(trouble)?;
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        module.globals.push(global.map_err(trouble)?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        module.exports.push(export.map_err(trouble)?);
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        module.element(element.map_err(trouble)?)?;
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let (mut calls, mut addresses) = (Vec::new(), Vec::new());
                    for operator in body.get_operators_reader().map_err(trouble)? {
                        match operator.map_err(trouble)? {
                            Operator::Call { function_index }
                            | Operator::ReturnCall { function_index }
                            | Operator::RefFunc { function_index } => calls.push(function_index),
                            Operator::I32Const { value } => addresses.push(value as u32),
                            // Two words that are stored together.
                            Operator::I64Const { value } => {
                                addresses.extend([value as u32, (value >> 32) as u32]);
                            }
                            _ => {}
                        }
                    }
                    calls.sort_unstable();
                    calls.dedup();
                    module.calls.push(calls);
                    module.hands.push(addresses);
                    module.bodies.push(body);
                }
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data.map_err(trouble)?;
                        let DataKind::Active { memory_index: 0, offset_expr } = data.kind else {
                            return Err("a data segment is not active".into());
                        };
                        module.data.push((constant(&offset_expr)?, data.data));
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(reader) = section.as_known() {
                        for part in reader {
                            if let Name::Function(map) = part.map_err(trouble)? {
                                for naming in map {
                                    let naming = naming.map_err(trouble)?;
                                    names.push((naming.index, format!("{:#}", demangle(naming.name))));
                                }
                            }
                        }
                    }
                }
                Payload::StartSection { .. } => return Err("the module starts by itself".into()),
                _ => {}
            }
        }
        let image = Image::of(&module.data);
        for hands in &mut module.hands {
            let tables = hands.iter().flat_map(|at| image.methods(*at, module.base, &module.slots));
            let methods: Vec<u32> = tables.collect();
            *hands = methods;
        }
        module.names = vec![String::new(); module.functions.len()];
        for (index, name) in names {
            if let Some(place) = module.names.get_mut(index as usize) {
                *place = name;
            }
        }
        Ok(module)
    }

    /// Whom a function calls or hands on.
    pub fn uses(&self, function: u32) -> impl Iterator<Item = u32> {
        let hands = function.checked_sub(self.imported).map_or(&[][..], |at| &self.hands[at as usize]);
        self.calls_of(function).iter().chain(hands).copied()
    }

    fn element(&mut self, element: wasmparser::Element<'a>) -> Result<(), String> {
        let (
            ElementKind::Active { table_index: None | Some(0), offset_expr },
            ElementItems::Functions(items),
        ) = (element.kind, element.items)
        else {
            return Err("an element segment is not one of the table's functions".into());
        };
        if !self.slots.is_empty() {
            return Err("the table's functions are in several segments".into());
        }
        self.base = constant(&offset_expr)?;
        for item in items {
            self.slots.push(item.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// Whom a function calls; an imported one nobody.
    pub fn calls_of(&self, function: u32) -> &[u32] {
        function.checked_sub(self.imported).map_or(&[], |at| &self.calls[at as usize])
    }
}

/// Initial memory as it lies there.
struct Image {
    start: u32,
    bytes: Vec<u8>,
}

impl Image {
    fn of(data: &[(u32, &[u8])]) -> Self {
        let start = data.iter().map(|(at, _)| *at).min().unwrap_or_default();
        let end = data.iter().map(|(at, bytes)| *at + bytes.len() as u32).max().unwrap_or_default();
        let mut image = Self { start, bytes: vec![0; (end - start) as usize] };
        for (at, bytes) in data {
            let at = (at - start) as usize;
            image.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        }
        image
    }

    fn word(&self, address: u32) -> Option<u32> {
        let at = address.checked_sub(self.start)? as usize;
        self.bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// The functions of the table of methods at an address: how it is dropped, its size, its alignment, its methods.
    /// Nothing where there is no such table.
    fn methods(&self, address: u32, base: u32, slots: &[u32]) -> Vec<u32> {
        let function = |word: u32| slots.get(word.checked_sub(base)? as usize).copied();
        let headed = |at: u32| {
            let (drop, size, align) = (self.word(at)?, self.word(at + 4)?, self.word(at + 8)?);
            let fits = align.is_power_of_two() && align <= 16 && size % align == 0;
            (fits && (drop == 0 || function(drop).is_some())).then_some(drop)
        };
        let Some(drop) = headed(address).filter(|_| address.is_multiple_of(4)) else { return Vec::new() };
        // It ends where another begins: there, not one word on as well.
        let begins = |at: u32| headed(at).is_some() && headed(at + 4).is_none();
        let methods = (address + 12..).step_by(4).take_while(|at| !begins(*at));
        let methods = methods.map_while(|at| function(self.word(at)?));
        let drop = function(drop);
        drop.into_iter().chain(methods).collect()
    }
}

fn constant(expression: &wasmparser::ConstExpr) -> Result<u32, String> {
    match expression.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Ok(value as u32),
        _ => Err("a segment's place is not a constant".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn a_table_of_methods_ends_where_the_next_begins() {
        // Three methods of a type that needs no dropping, then one of a type that does, then a text's address.
        let words: [u32; 12] = [0, 8, 4, 21, 22, 23, 24, 4, 4, 25, 1_050_000, 7];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let image = Image::of(&[(1024, &bytes[..20]), (1044, &bytes[20..])]);
        let slots: Vec<u32> = (120..126).collect();
        assert_eq!(image.methods(1024, 20, &slots), [121, 122, 123]);
        assert_eq!(image.methods(1048, 20, &slots), [124, 125]);
        for elsewhere in [1028, 1025, 1064, 0, u32::MAX] {
            assert_eq!(image.methods(elsewhere, 20, &slots), [0; 0], "{elsewhere}");
        }
    }

    #[test]
    fn an_empty_type_s_table_follows_without_taking_the_last_method() {
        let words: [u32; 10] = [0, 8, 4, 21, 22, 0, 0, 1, 23, 1_050_000];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let image = Image::of(&[(1024, &bytes)]);
        let slots: Vec<u32> = (120..126).collect();
        assert_eq!(image.methods(1024, 20, &slots), [121, 122]);
    }
}
