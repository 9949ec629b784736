//! The program that the page loads.

fn main() {
    netsplit_web::run();
}
