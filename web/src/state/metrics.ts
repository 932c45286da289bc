/** What is known of a quantity that training loops log. Text only: nothing here is computed. */
export interface Metric {
  title: string;
  /** As its source has it; empty where there is none. */
  formula: string;
  meaning: string;
  /** What it looks like when all is well, and when it is worth another look. */
  good: string;
  bad: string;
  /** Who logs it under which names, and where it is defined. */
  source: string;
}

/** The names of a quantity, in lower case, without their prefix: `approx_kl` is that of `losses/approx_kl` and `train/approx_kl`. */
interface Named extends Metric {
  names: readonly string[];
  /** Only under this prefix: `train/loss` of one library is not that of another. */
  prefix?: RegExp;
}

/** Of two entries for one name the first one wins, so those with a prefix come first. */
export const METRICS: readonly Named[] = [
  {
    names: ['approx_kl', 'approxkl', 'approx_kl_k3', 'kl_k3'],
    title: 'Approximate KL divergence, estimator k3',
    formula: 'KL(π_old ‖ π_new) ≈ mean[(r − 1) − log r],  r = π_new(a|s) / π_old(a|s)',
    meaning:
      'How far the policy moved in one update, in nats, estimated from the actions that were taken. k3 has no bias, is never negative and varies less than k1.',
    good: 'Small and steady, about 0.002 to 0.02 for PPO.',
    bad: 'Above 0.02 to 0.05 for long: lower the learning rate or the number of epochs, or stop early at a target KL. Near 0: the policy hardly learns.',
    source:
      'CleanRL losses/approx_kl, Stable-Baselines3 train/approx_kl; Schulman 2020, “Approximating KL divergence”.',
  },
  {
    names: ['old_approx_kl', 'kl_k1'],
    title: 'Approximate KL divergence, estimator k1',
    formula: 'KL(π_old ‖ π_new) ≈ mean[−log r],  r = π_new(a|s) / π_old(a|s)',
    meaning:
      'The plain estimate of how far the policy moved in one update, in nats. It has no bias, but a large variance, and may come out negative, which a divergence never is.',
    good: 'Small, around 0; compare it with approx_kl (k3).',
    bad: 'Far from approx_kl: the estimate rests on few samples, or the policy moved a long way.',
    source: 'CleanRL losses/old_approx_kl; Schulman 2020, “Approximating KL divergence”.',
  },
  {
    names: ['mean_kl_loss', 'mean_kl', 'kl', 'kl_divergence', 'kl_div'],
    title: 'KL divergence of the policy',
    formula: 'KL(π_old ‖ π_new) = mean_s Σ_a π_old(a|s) log(π_old(a|s) / π_new(a|s))',
    meaning:
      'How far the policy moved in one update, in nats, over all actions rather than those that were taken.',
    good: 'Near the target of the algorithm, often 0.01 to 0.03.',
    bad: 'Many times the target: steps are too large.',
    source:
      'RLlib mean_kl_loss (and kl of its older stack), TRPO in Spinning Up and sb3-contrib; Schulman et al. 2015.',
  },
  {
    names: ['curr_kl_coeff', 'cur_kl_coeff', 'kl_coeff'],
    title: 'KL coefficient',
    formula: 'loss += β · KL;  β × 1.5 if KL > 2·target, β × 0.5 if KL < target / 2',
    meaning: 'The weight of the KL penalty, which PPO in its penalty form adapts after each update.',
    good: 'Settles.',
    bad: 'Grows without end: the updates move the policy further than its target each time.',
    source: 'RLlib curr_kl_coeff; Schulman et al. 2017, section 4.',
  },
  {
    names: ['clipfrac', 'clip_fraction', 'clip_frac'],
    title: 'Clip fraction',
    formula: 'mean[ |r − 1| > ε ],  r = π_new(a|s) / π_old(a|s)',
    meaning: 'The share of samples whose ratio left the clip range, so that they no longer push the policy.',
    good: 'About 0.05 to 0.2.',
    bad: 'Above 0.3: steps are too large for the clip range. Always 0: the clip range never acts, the policy hardly moves.',
    source:
      'CleanRL losses/clipfrac, Stable-Baselines3 train/clip_fraction; Schulman et al. 2017, equation 7.',
  },
  {
    names: ['clip_range', 'clip_coef', 'clip_range_vf'],
    title: 'Clip range',
    formula: 'ratio limited to [1 − ε, 1 + ε]',
    meaning: 'How far one update may move the probability of an action before PPO stops pushing it.',
    good: '0.1 to 0.3, constant or falling to 0.',
    bad: 'Not what you meant to set.',
    source: 'Stable-Baselines3 train/clip_range; Schulman et al. 2017, section 3.',
  },
  {
    names: ['explained_variance', 'vf_explained_var', 'explained_var'],
    title: 'Explained variance of the critic',
    formula: '1 − Var[G − V(s)] / Var[G],  G the value target',
    meaning: 'How much of the spread of the returns the critic foresees.',
    good: 'Rises towards 1.',
    bad: 'Around 0: no better than a constant. Below 0: worse than one. It also jumps where returns hardly vary.',
    source:
      'CleanRL losses/explained_variance, Stable-Baselines3 train/explained_variance, RLlib vf_explained_var.',
  },
  {
    names: ['entropy_loss'],
    prefix: /^train\//,
    title: 'Entropy loss',
    formula: '−mean_s H[π(·|s)]',
    meaning:
      'Minus the entropy of the policy, in nats: closer to 0 is more decided. For continuous actions it may be positive.',
    good: 'Rises slowly towards 0.',
    bad: 'Reaches 0 early: the policy stopped exploring. Stays at −log(number of actions): it has not learned to prefer anything.',
    source: 'Stable-Baselines3 train/entropy_loss.',
  },
  {
    names: ['entropy', 'mean_entropy', 'policy_entropy', 'entropy_loss'],
    title: 'Entropy of the policy',
    formula: 'H[π(·|s)] = −Σ_a π(a|s) log π(a|s), mean over states',
    meaning:
      'How undecided the policy is, in nats; log(number of actions) is even. For continuous actions it is a density’s and may be negative.',
    good: 'Falls slowly as the policy learns.',
    bad: 'Falls to 0 early: exploration ended before learning did. Never falls: the bonus is too large, or the advantage is noise.',
    source: 'CleanRL losses/entropy, RLlib entropy; Shannon 1948.',
  },
  {
    names: ['ent_coef', 'alpha', 'entropy_coef', 'entropy_coeff', 'curr_entropy_coeff'],
    title: 'Entropy coefficient',
    formula: 'objective += α · H[π(·|s)]',
    meaning:
      'The weight of the entropy bonus. Soft actor-critic adapts it so that the entropy meets a target.',
    good: 'Settles, or follows its schedule.',
    bad: 'Grows without end: the policy cannot reach the target entropy. Near 0 early: exploration is over.',
    source: 'Stable-Baselines3 train/ent_coef, CleanRL losses/alpha; Haarnoja et al. 2018.',
  },
  {
    names: ['ent_coef_loss', 'alpha_loss'],
    title: 'Loss of the entropy coefficient',
    formula: '−log α · (log π(a|s) + H̄), mean over a batch',
    meaning:
      'What adapts the entropy coefficient: its sign says whether the entropy is above or below the target H̄.',
    good: 'Wanders around 0.',
    bad: 'Stays on one side: the target entropy is out of reach.',
    source:
      'Stable-Baselines3 train/ent_coef_loss, CleanRL losses/alpha_loss; Haarnoja et al. 2018, section 5.',
  },
  {
    names: ['value_loss', 'v_loss', 'vf_loss', 'critic_loss', 'qf_loss', 'vf_loss_unclipped'],
    title: 'Loss of the critic',
    formula: 'mean[(V(s) − G)²], often × ½, or clipped;  for Q: mean[(Q(s, a) − y)²]',
    meaning:
      'How far the critic is from its targets, in squared units of return: its size follows that of the returns.',
    good: 'Falls once the returns settle; rises while they grow.',
    bad: 'Explodes: lower the learning rate, scale rewards, clip gradients.',
    source:
      'Stable-Baselines3 train/value_loss and train/critic_loss, CleanRL losses/value_loss and losses/qf_loss, RLlib vf_loss.',
  },
  {
    names: ['policy_loss', 'policy_gradient_loss', 'pg_loss', 'actor_loss'],
    title: 'Loss of the policy',
    formula:
      'PPO: −mean[min(r·A, clip(r, 1 − ε, 1 + ε)·A)];  SAC, DDPG, TD3: −mean[Q(s, π(s))] (+ entropy term)',
    meaning:
      'What the policy’s step lowers. It is made anew from each batch, so its value says little about how good the policy is.',
    good: 'PPO: small, around 0. SAC, DDPG, TD3: minus the value that the critic expects.',
    bad: 'Large swings. With a critic that overestimates it falls while the return does not rise.',
    source:
      'CleanRL losses/policy_loss and losses/actor_loss, Stable-Baselines3 train/policy_gradient_loss and train/actor_loss, RLlib policy_loss.',
  },
  {
    names: ['td_loss'],
    title: 'Temporal-difference loss',
    formula: 'mean[δ²] or Huber(δ),  δ = r + γ (1 − terminated) max_a Q⁻(s′, a) − Q(s, a)',
    meaning: 'How far Q is from one reward plus what its target network says of the next state.',
    good: 'Bounded; it rises whenever the policy finds something new.',
    bad: 'Grows without end: the values diverge.',
    source: 'CleanRL losses/td_loss; Mnih et al. 2015, equation 2.',
  },
  {
    names: ['td_error', 'td_error_abs', 'mean_td_error'],
    title: 'Temporal-difference error',
    formula: 'δ_t = r_t + γ V(s_{t+1}) − V(s_t)',
    meaning:
      'How much the critic’s opinion changed within one step: positive where it went better than expected.',
    good: 'Wanders around 0.',
    bad: 'Stays on one side: the critic is biased.',
    source: 'RLlib mean_td_error; Sutton and Barto 2018, equation 6.5.',
  },
  {
    names: ['q_values', 'qf1_values', 'qf2_values', 'mean_q', 'qf_mean', 'q_value'],
    title: 'Mean action value',
    formula: 'mean of Q(s, a) over a batch',
    meaning: 'The discounted return that the critic expects from the states and actions it is trained with.',
    good: 'Comes to the discounted returns that are reached.',
    bad: 'Rises far above them: overestimation.',
    source: 'CleanRL losses/q_values, losses/qf1_values; RLlib mean_q; van Hasselt et al. 2016.',
  },
  {
    names: ['qf1_loss', 'qf2_loss'],
    title: 'Loss of one of two critics',
    formula: 'mean[(Q_i(s, a) − y)²],  y = r + γ (1 − terminated) (min_j Q_j⁻(s′, a′) − α log π(a′|s′))',
    meaning: 'How far one of the two critics is from their common target, in squared units of return.',
    good: 'Both fall, and stay alike.',
    bad: 'Explodes, or the two part.',
    source: 'CleanRL losses/qf1_loss; Fujimoto et al. 2018; Haarnoja et al. 2018.',
  },
  {
    names: ['loss', 'total_loss'],
    title: 'Loss as a whole',
    formula: 'PPO: policy_loss + c_v · value_loss − c_e · entropy',
    meaning: 'The sum that one gradient step lowers. Its parts have different units: look at them instead.',
    good: 'Bounded.',
    bad: 'Jumps or NaN: see which part it comes from.',
    source: 'Stable-Baselines3 train/loss, RLlib total_loss.',
  },
  {
    names: ['ep_rew_mean', 'episode_reward_mean', 'episode_return_mean'],
    title: 'Mean return of the last episodes',
    formula: 'mean of Σ_t r_t over the last 100 episodes',
    meaning:
      'What the agent reached lately, as it played while exploring. A mean over time: it trails what the policy can do now.',
    good: 'Rises.',
    bad: 'Falls after it rose: the policy broke down. Compare several seeds before you believe either.',
    source: 'Stable-Baselines3 rollout/ep_rew_mean, RLlib episode_return_mean and episode_reward_mean.',
  },
  {
    names: [
      'episodic_return',
      'episode_return',
      'return',
      'episode_reward',
      'mean_reward',
      'evaluation_return',
    ],
    title: 'Return of an episode',
    formula: 'R = Σ_t r_t, not discounted',
    meaning:
      'What an episode brought in all. eval/ is played without learning from it, often without exploring.',
    good: 'Rises.',
    bad: 'A flat line at the least possible: no reward was ever found.',
    source: 'Ethogram’s episodes, CleanRL charts/episodic_return, Stable-Baselines3 eval/mean_reward.',
  },
  {
    names: [
      'ep_len_mean',
      'episode_len_mean',
      'episodic_length',
      'episode_length',
      'mean_ep_length',
      'length',
    ],
    title: 'Length of an episode',
    formula: 'T, steps from reset to end',
    meaning: 'How long an episode lasted. Whether long is good is for the task to say.',
    good: 'Rises where the task is to survive; falls where it is to arrive.',
    bad: 'Stuck at the time limit: the agent avoids both success and failure.',
    source:
      'Ethogram’s episodes, Stable-Baselines3 rollout/ep_len_mean, CleanRL charts/episodic_length, RLlib episode_len_mean.',
  },
  {
    names: ['success_rate'],
    title: 'Success rate',
    formula: 'mean of is_success over the last episodes',
    meaning: 'The share of episodes that reached the goal, as the environment says in its info.',
    good: 'Rises to 1.',
    bad: 'Rises while the return does not, or the other way round: reward and goal disagree.',
    source: 'Stable-Baselines3 rollout/success_rate and eval/success_rate.',
  },
  {
    names: ['sps', 'fps', 'steps_per_second', 'num_env_steps_sampled_lifetime_throughput'],
    title: 'Steps a second',
    formula: 'environment steps / seconds since the start',
    meaning: 'How fast training goes, everything counted: environment, network, learning.',
    good: 'Level.',
    bad: 'Falls in the course of a run: something grows, such as a buffer that swaps or a log that waits.',
    source: 'CleanRL charts/SPS, Stable-Baselines3 time/fps.',
  },
  {
    names: ['learning_rate', 'lr', 'default_optimizer_learning_rate', 'cur_lr'],
    title: 'Learning rate',
    formula: '',
    meaning: 'How large a gradient step is.',
    good: 'Follows its schedule; often falls linearly to 0.',
    bad: 'Not what you meant to set.',
    source:
      'CleanRL charts/learning_rate, Stable-Baselines3 train/learning_rate, RLlib default_optimizer_learning_rate.',
  },
  {
    names: [
      'grad_norm',
      'gradient_norm',
      'gradients_default_optimizer_global_norm',
      'grad_gnorm',
      'global_grad_norm',
    ],
    title: 'Norm of the gradient',
    formula: '‖∇θ L‖₂, most often before clipping',
    meaning: 'How steep the loss is where the parameters are.',
    good: 'Bounded, mostly below the clipping norm.',
    bad: 'Always far above it: every step is cut. NaN: a value overflowed.',
    source: 'RLlib gradients_default_optimizer_global_norm; Pascanu et al. 2013.',
  },
  {
    names: ['n_updates', 'num_updates'],
    title: 'Gradient updates so far',
    formula: '',
    meaning: 'How often the optimiser stepped (PPO: epochs) since the start.',
    good: 'Rises evenly.',
    bad: 'Stands still: learning has not begun, or has ended.',
    source: 'Stable-Baselines3 train/n_updates.',
  },
  {
    names: ['exploration_rate', 'epsilon'],
    title: 'Exploration rate ε',
    formula: 'a random action with probability ε, else argmax_a Q(s, a)',
    meaning: 'How often the agent acts at random.',
    good: 'Falls to its final value within the first part of training.',
    bad: 'At its final value before any reward was found.',
    source: 'Stable-Baselines3 rollout/exploration_rate; Mnih et al. 2015.',
  },
  {
    names: ['std', 'action_std', 'log_std'],
    title: 'Standard deviation of the policy',
    formula: 'π(a|s) = N(μ(s), σ²), mean of σ',
    meaning: 'How widely a Gaussian policy scatters its actions.',
    good: 'Falls slowly.',
    bad: 'Collapses early, or grows without end: then the entropy bonus outweighs the reward.',
    source: 'Stable-Baselines3 train/std.',
  },
  {
    names: ['time_elapsed'],
    title: 'Time since the start',
    formula: '',
    meaning: 'Wall time of training, in seconds.',
    good: 'Rises evenly.',
    bad: 'Bends up: steps become slower.',
    source: 'Stable-Baselines3 time/time_elapsed.',
  },
  {
    names: ['total_timesteps', 'global_step', 'num_env_steps_sampled_lifetime', 'timesteps_total'],
    title: 'Environment steps so far',
    formula: '',
    meaning: 'Steps of all environments together since the start of the run.',
    good: 'Rises evenly.',
    bad: 'Falls: the run was restarted from an older checkpoint.',
    source: 'Stable-Baselines3 time/total_timesteps, RLlib num_env_steps_sampled_lifetime.',
  },
];

/** What is known of a tag, by the last part of its name; undefined when nothing is. */
export function metricOf(tag: string): Metric | undefined {
  const name = tag.slice(tag.lastIndexOf('/') + 1).toLowerCase();
  return METRICS.find(
    ({ names, prefix }) => names.includes(name) && (prefix?.test(tag.toLowerCase()) ?? true),
  );
}
