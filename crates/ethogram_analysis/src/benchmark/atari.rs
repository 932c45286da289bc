//! What chance and a person reach in 57 games of the Atari 2600, so that scores of different games can be compared.

/// A game with its two reference scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtariGame {
    /// As Gymnasium writes it, without what follows: `MsPacman`.
    pub name: &'static str,
    /// Mean return of actions by chance.
    pub random: f64,
    /// Mean return of a professional tester of games.
    pub human: f64,
}

/// The 57 games, by name.
///
/// **Source** Wang et al. (2016), "Dueling network architectures for deep reinforcement learning", its scores from up to 30 no-op
/// actions at the start; compared with `google-deepmind/dqn_zoo: dqn_zoo/atari_data.py` at 359945dc.
pub const ATARI_57: [AtariGame; 57] = [
    game("Alien", 227.8, 7_127.7),
    game("Amidar", 5.8, 1_719.5),
    game("Assault", 222.4, 742.0),
    game("Asterix", 210.0, 8_503.3),
    game("Asteroids", 719.1, 47_388.7),
    game("Atlantis", 12_850.0, 29_028.1),
    game("BankHeist", 14.2, 753.1),
    game("BattleZone", 2_360.0, 37_187.5),
    game("BeamRider", 363.9, 16_926.5),
    game("Berzerk", 123.7, 2_630.4),
    game("Bowling", 23.1, 160.7),
    game("Boxing", 0.1, 12.1),
    game("Breakout", 1.7, 30.5),
    game("Centipede", 2_090.9, 12_017.0),
    game("ChopperCommand", 811.0, 7_387.8),
    game("CrazyClimber", 10_780.5, 35_829.4),
    game("Defender", 2_874.5, 18_688.9),
    game("DemonAttack", 152.1, 1_971.0),
    game("DoubleDunk", -18.6, -16.4),
    game("Enduro", 0.0, 860.5),
    game("FishingDerby", -91.7, -38.7),
    game("Freeway", 0.0, 29.6),
    game("Frostbite", 65.2, 4_334.7),
    game("Gopher", 257.6, 2_412.5),
    game("Gravitar", 173.0, 3_351.4),
    game("Hero", 1_027.0, 30_826.4),
    game("IceHockey", -11.2, 0.9),
    game("Jamesbond", 29.0, 302.8),
    game("Kangaroo", 52.0, 3_035.0),
    game("Krull", 1_598.0, 2_665.5),
    game("KungFuMaster", 258.5, 22_736.3),
    game("MontezumaRevenge", 0.0, 4_753.3),
    game("MsPacman", 307.3, 6_951.6),
    game("NameThisGame", 2_292.3, 8_049.0),
    game("Phoenix", 761.4, 7_242.6),
    game("Pitfall", -229.4, 6_463.7),
    game("Pong", -20.7, 14.6),
    game("PrivateEye", 24.9, 69_571.3),
    game("Qbert", 163.9, 13_455.0),
    game("Riverraid", 1_338.5, 17_118.0),
    game("RoadRunner", 11.5, 7_845.0),
    game("Robotank", 2.2, 11.9),
    game("Seaquest", 68.4, 42_054.7),
    game("Skiing", -17_098.1, -4_336.9),
    game("Solaris", 1_236.3, 12_326.7),
    game("SpaceInvaders", 148.0, 1_668.7),
    game("StarGunner", 664.0, 10_250.0),
    game("Surround", -10.0, 6.5),
    game("Tennis", -23.8, -8.3),
    game("TimePilot", 3_568.0, 5_229.2),
    game("Tutankham", 11.4, 167.6),
    game("UpNDown", 533.4, 11_693.2),
    game("Venture", 0.0, 1_187.5),
    game("VideoPinball", 16_256.9, 17_667.9),
    game("WizardOfWor", 563.5, 4_756.5),
    game("YarsRevenge", 3_092.9, 54_576.9),
    game("Zaxxon", 32.5, 9_173.3),
];

const fn game(name: &'static str, random: f64, human: f64) -> AtariGame {
    AtariGame { name, random, human }
}

/// The game of an environment's id, however it is written: `ALE/MsPacman-v5`, `MsPacmanNoFrameskip-v4`, `MsPacman-ram-v0`, `ms_pacman`.
pub fn atari_game(env_id: &str) -> Option<&'static AtariGame> {
    let name = env_id.rsplit('/').next()?.split('-').next()?;
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let bare = ["noframeskip", "deterministic"].iter().find_map(|suffix| plain.strip_suffix(suffix)).unwrap_or(&plain);
    ATARI_57.iter().find(|game| game.name.eq_ignore_ascii_case(bare))
}

impl AtariGame {
    /// 0 at chance, 1 at the person's: `(score − random) / (human − random)`.
    pub fn human_normalized(&self, score: f64) -> f64 {
        (score - self.random) / (self.human - self.random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_b13_a_game_is_known_however_its_environment_is_called() {
        for id in
            ["ALE/MsPacman-v5", "MsPacmanNoFrameskip-v4", "MsPacman-ram-v0", "ms_pacman", "MsPacmanDeterministic-v4"]
        {
            assert_eq!(atari_game(id).map(|game| game.name), Some("MsPacman"), "{id}");
        }
        for id in ["CartPole-v1", "", "/", "-", "NoFrameskip-v4"] {
            assert_eq!(atari_game(id), None, "{id}");
        }
    }

    #[test]
    fn row_b13_people_are_1_and_chance_is_0() {
        for game in &ATARI_57 {
            assert_eq!((game.human_normalized(game.random), game.human_normalized(game.human)), (0.0, 1.0), "{game:?}");
            assert_eq!(atari_game(game.name), Some(game));
        }
        assert!(ATARI_57.windows(2).all(|pair| pair[0].name < pair[1].name));
        let pong = atari_game("Pong-v4").expect("a game");
        assert!((pong.human_normalized(21.0) - 41.7 / 35.3).abs() < 1e-12);
    }
}
