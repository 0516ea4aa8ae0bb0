"""State: databases that several modules write, taken out of trees and merged back. One file a database."""
